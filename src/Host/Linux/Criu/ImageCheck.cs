using System.Text;
using System.Text.RegularExpressions;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu.Images;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// Looks at received images before CRIU does: CRIU runs as root and does what its images say. Checked are names and sizes of the files, every mount, every task's
/// capabilities, paths of files, and cgroups, each against the container's spec and this host's policy. Not checked (docs say so): registers and memory, which can only
/// do what the container's own program could, and the content of the archives of tmpfs mounts.
/// </summary>
public static partial class ImageCheck
{
    /// <summary>Bytes of one image that is parsed here: many times that of a container with 10 000 descriptors.</summary>
    public const int MaxParsedBytes = 64 << 20;

    /// <summary>Files of one set: some per task and thread.</summary>
    public const int MaxFiles = 200_000;

    /// <summary>Checks a directory of images.</summary>
    /// <param name="directory">Flat; nobody else writes to it any more.</param>
    /// <param name="spec">What the container may be.</param>
    /// <param name="maxBytes">Of all images together: the room that was reserved.</param>
    /// <exception cref="ImageRefusedException">More than the spec allows.</exception>
    /// <exception cref="CriuImageException">Not an image.</exception>
    public static void Check(string directory, ContainerSpec spec, long maxBytes)
    {
        long total = 0;
        var count = 0;
        foreach (var file in new DirectoryInfo(directory).EnumerateFileSystemInfos())
        {
            Require(file is FileInfo { LinkTarget: null } && !file.Attributes.HasFlag(FileAttributes.Device) && AllowedName().IsMatch(file.Name), file.Name, "no such file belongs to a container's images");
            total += ((FileInfo)file).Length;
            Require(++count <= MaxFiles && total <= maxBytes, file.Name, $"the images have more than {MaxFiles} files or {maxBytes} bytes");
        }

        Require(CriuImageSet.IsComplete(directory), "inventory.img", "images are missing");
        ForEach(directory, "mountpoints-*.img", (name, bytes) => CheckMounts(name, bytes, spec));
        ForEach(directory, "core-*.img", CheckCredentials);
        ForEach(directory, "files.img", CheckFiles);
        ForEach(directory, "cgroup.img", (name, bytes) => CheckCgroups(name, bytes, spec.Name));
    }

    /// <summary>True for a name that may be among a container's images; asked before a byte of the file is received.</summary>
    public static bool IsAllowed(string name) => AllowedName().IsMatch(name);

    private static void ForEach(string directory, string pattern, Action<string, byte[]> check)
    {
        foreach (var path in Directory.EnumerateFiles(directory, pattern))
        {
            var name = Path.GetFileName(path);
            Require(new FileInfo(path).Length <= MaxParsedBytes, name, $"it is larger than {MaxParsedBytes} bytes");
            check(name, File.ReadAllBytes(path));
        }
    }

    /// <summary>mnt_entry: 1 fstype, 6 root, 7 mountpoint, 12 with_plugin, 18 ext_key.</summary>
    internal static void CheckMounts(string image, byte[] bytes, ContainerSpec spec)
    {
        for (var messages = new ImageMessages(bytes, image); messages.MoveNext();)
        {
            string root = "", point = "", key = "";
            ulong type = 0, plugin = 0;
            for (var reader = new ProtobufReader(messages.Current, image); reader.Next();)
            {
                switch (reader.Field)
                {
                    case 1:
                        type = reader.ReadUInt64();
                        break;
                    case 6:
                        root = Encoding.UTF8.GetString(reader.ReadBytes());
                        break;
                    case 7:
                        point = Encoding.UTF8.GetString(reader.ReadBytes());
                        break;
                    case 12:
                        plugin = reader.ReadUInt64();
                        break;
                    case 18:
                        key = Encoding.UTF8.GetString(reader.ReadBytes());
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }

            Require(MountRules.Allows(spec, point, (int)type, root, key) && plugin == 0, image, $"a mount of type {type} at '{point}' (root '{root}', external '{key}') is not in the container's spec");
        }
    }

    /// <summary>core_entry: 5 thread_core {10 creds}. creds: 9 to 12 and 19 capability sets as pairs of u32 (inh, prm, eff, bnd, amb), 18 no_new_privs.</summary>
    internal static void CheckCredentials(string image, byte[] bytes)
    {
        for (var messages = new ImageMessages(bytes, image); messages.MoveNext();)
        {
            for (var core = new ProtobufReader(messages.Current, image); core.Next();)
            {
                if (core.Field != 5)
                {
                    core.Skip();
                    continue;
                }

                for (var thread = new ProtobufReader(core.ReadBytes(), image); thread.Next();)
                {
                    if (thread.Field == 10)
                    {
                        CheckCredential(image, thread.ReadBytes());
                    }
                    else
                    {
                        thread.Skip();
                    }
                }
            }
        }
    }

    private static void CheckCredential(string image, ReadOnlySpan<byte> credentials)
    {
        Span<ulong> sets = stackalloc ulong[20];
        Span<int> words = stackalloc int[20];
        ulong noNewPrivileges = 0;
        for (var reader = new ProtobufReader(credentials, image); reader.Next();)
        {
            switch (reader.Field)
            {
                case 9 or 10 or 11 or 12 or 19 when !reader.IsBytes:
                    Require(words[reader.Field] < 2, image, "a capability set has more than 64 bits");
                    sets[reader.Field] |= (ulong)reader.ReadUInt32() << (32 * words[reader.Field]++);
                    break;
                case 18:
                    noNewPrivileges = reader.ReadUInt64();
                    break;
                default:
                    Require(reader.Field is not (9 or 10 or 11 or 12 or 19), image, "a capability set is packed");
                    reader.Skip();
                    break;
            }
        }

        foreach (var set in sets)
        {
            Require((set & ~CapabilityMask.Policy) == 0, image, $"a task has the capabilities 0x{set:x}, allowed are 0x{CapabilityMask.Policy:x}");
        }

        Require(noNewPrivileges == 1, image, "a task may gain privileges (no_new_privs is not set)");
    }

    /// <summary>file_entry: 1 type (1 = regular), 3 reg {6 name}.</summary>
    internal static void CheckFiles(string image, byte[] bytes)
    {
        for (var messages = new ImageMessages(bytes, image); messages.MoveNext();)
        {
            for (var entry = new ProtobufReader(messages.Current, image); entry.Next();)
            {
                if (entry.Field != 3)
                {
                    entry.Skip();
                    continue;
                }

                for (var file = new ProtobufReader(entry.ReadBytes(), image); file.Next();)
                {
                    if (file.Field == 6)
                    {
                        var path = Encoding.UTF8.GetString(file.ReadBytes());
                        // CRIU opens it relative to a mount of the container; only a part that climbs could leave it.
                        Require(path.Length > 0 && !path.Split('/').Contains(".."), image, $"the file path '{path}' climbs out of its mount");
                    }
                    else
                    {
                        file.Skip();
                    }
                }
            }
        }
    }

    /// <summary>cgroup_entry: 1 sets {2 member {2 path}}, 2 controllers {2 dirs {1 name, 2 children}}. All of a container of ours is one leaf.</summary>
    internal static void CheckCgroups(string image, byte[] bytes, ContainerName name)
    {
        for (var messages = new ImageMessages(bytes, image); messages.MoveNext();)
        {
            for (var top = new ProtobufReader(messages.Current, image); top.Next();)
            {
                if (top.Field is not (1 or 2))
                {
                    top.Skip();
                    continue;
                }

                var pathField = top.Field == 1 ? 2 : 1;
                for (var part = new ProtobufReader(top.ReadBytes(), image); part.Next();)
                {
                    if (part.Field != 2)
                    {
                        part.Skip();
                        continue;
                    }

                    for (var member = new ProtobufReader(part.ReadBytes(), image); member.Next();)
                    {
                        Require(pathField == 2 || member.Field != 2, image, "a cgroup has children");
                        if (member.Field != pathField)
                        {
                            member.Skip();
                            continue;
                        }

                        var path = Encoding.UTF8.GetString(member.ReadBytes());
                        Require(IsOwnCgroup(path, name), image, $"the cgroup '{path}' is not one of container {name}");
                    }
                }
            }
        }
    }

    private static bool IsOwnCgroup(string path, ContainerName name)
    {
        var parts = path.Split('/');
        return !parts.Contains("..") && parts[^1].StartsWith($"{name}-e", StringComparison.Ordinal) && parts[^1][(name.Value.Length + 2)..].All(c => char.IsAsciiDigit(c) || c == 'o');
    }

    private static void Require(bool condition, string image, string why)
    {
        if (!condition)
        {
            throw new ImageRefusedException(image, why);
        }
    }

    /// <summary>What CRIU 4.2 writes for containers as ours: per set, per task, per namespace, per shared object.</summary>
    [GeneratedRegex("""
        ^(?:
        descriptors\.json
        | (?:inventory|pstree|files|cgroup|seccomp|timens-0|tcp-stream|sk-queues|pipes-data|fifo-data|tty-info|tty-data|filelocks|remap-fpath|memfd|eventpoll-tfd|stats-dump|bpfmap-data|apparmor)\.img
        | (?:core|mm|pagemap|pagemap-shmem|pages|ids|fs|fdinfo|rlimit|signal-s|signal-p|itimers|posix-timers|mountpoints|utsns|netns|pidns
            |ipcns-var|ipcns-shm|ipcns-msg|ipcns-sem|timens)-[0-9]{1,10}\.img
        | (?:ghost-file|tcp-stream)-[0-9a-f]{1,16}\.img
        | tmpfs-dev-[0-9]{1,10}\.tar\.gz\.img
        )\z
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex AllowedName();
}
