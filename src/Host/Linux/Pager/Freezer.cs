namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// Stops a container's tasks while the keeper takes over, by the cgroup freezer of either version. Does not wait for "frozen": a
/// task inside a page fault or a munmap can only stop once its fault or event is served.
/// </summary>
internal sealed class Freezer
{
    private readonly string? _file;
    private readonly string _frozen;
    private readonly string _thawed;
    private bool _frozeIt;

    /// <param name="cgroup">Directory of the container's cgroup (v1 freezer hierarchy, or v2); empty for none.</param>
    internal Freezer(string cgroup)
    {
        var v1 = Path.Combine(cgroup, "freezer.state");
        var isV1 = File.Exists(v1);
        (_frozen, _thawed) = isV1 ? ("FROZEN", "THAWED") : ("1", "0");
        _file = cgroup.Length == 0 ? null : isV1 ? v1 : Path.Combine(cgroup, "cgroup.freeze");
    }

    /// <summary>Freezes unless somebody else has: then the thaw is theirs as well.</summary>
    internal void Freeze()
    {
        if (_file is not null && File.Exists(_file) && File.ReadAllText(_file).Trim() == _thawed)
        {
            File.WriteAllText(_file, _frozen);
            _frozeIt = true;
        }
    }

    /// <summary>Undoes <see cref="Freeze"/>.</summary>
    internal void Thaw()
    {
        if (_frozeIt && File.Exists(_file))
        {
            File.WriteAllText(_file!, _thawed);
        }
    }
}
