using System.Runtime.InteropServices;
using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// The round that last sent each page of one address space: 2 bytes per page in pieces of 2 MiB of address space, made when
/// a page of the piece is sent first. So 1 GiB of memory costs 512 KiB here, whatever the pattern of writes.
/// </summary>
internal sealed class PageVersions
{
    private const int PagesPerPiece = 512;

    private readonly Dictionary<ulong, ushort[]> _pieces = [];

    /// <summary>Marks the pages of [start, end) as sent in <paramref name="round"/>.</summary>
    internal void Set(ulong start, ulong end, int round)
    {
        for (var page = start >> PageSize.Shift; page < end >> PageSize.Shift;)
        {
            ref var piece = ref CollectionsMarshal.GetValueRefOrAddDefault(_pieces, page / PagesPerPiece, out _);
            piece ??= new ushort[PagesPerPiece];
            var first = (int)(page % PagesPerPiece);
            var count = (int)Math.Min((ulong)(PagesPerPiece - first), (end >> PageSize.Shift) - page);
            piece.AsSpan(first, count).Fill((ushort)(round + 1));
            page += (ulong)count;
        }
    }

    /// <summary>The first part of [start, end) whose pages have one version: its end, and the round, or null for pages never sent.</summary>
    internal (ulong End, int? Round) FirstRun(ulong start, ulong end)
    {
        var page = start >> PageSize.Shift;
        var version = VersionAt(page);
        for (var next = page + 1; ; next++)
        {
            // Beyond the kernel's own huge page size a piece without a version is skipped whole.
            if (next % PagesPerPiece == 0 && version == 0)
            {
                while (next << PageSize.Shift < end && !_pieces.ContainsKey(next / PagesPerPiece))
                {
                    next += PagesPerPiece;
                }
            }

            if (next << PageSize.Shift >= end)
            {
                return (end, version == 0 ? null : version - 1);
            }

            if (VersionAt(next) != version)
            {
                return (next << PageSize.Shift, version == 0 ? null : version - 1);
            }
        }
    }

    private int VersionAt(ulong page)
        => _pieces.TryGetValue(page / PagesPerPiece, out var piece) ? piece[page % PagesPerPiece] : 0;
}
