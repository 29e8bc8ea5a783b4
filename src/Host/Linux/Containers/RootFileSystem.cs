using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>
/// Root of one container: overlayfs over the layers of its image. Its writable layer is <c>STATE/containers/NAME/upper</c>; it is kept when the mount
/// goes, and carried to the destination, where it is filled <b>before</b> <see cref="Mount"/>: overlayfs does not see changes made beneath it.
/// </summary>
public sealed class RootFileSystem
{
    private readonly string _work;

    /// <param name="stateDirectory">STATE of the node.</param>
    /// <param name="name">Its container.</param>
    public RootFileSystem(string stateDirectory, ContainerName name)
    {
        ContainerDirectory = Path.Combine(stateDirectory, "containers", name.Value);
        Upper = Path.Combine(ContainerDirectory, "upper");
        MountPoint = Path.Combine(ContainerDirectory, "root");
        Bundle = Path.Combine(ContainerDirectory, "bundle");
        _work = Path.Combine(ContainerDirectory, "work");
    }

    /// <summary>All of the container on this host.</summary>
    public string ContainerDirectory { get; }

    /// <summary>The writable layer.</summary>
    public string Upper { get; }

    /// <summary>Where the whole tree appears.</summary>
    public string MountPoint { get; }

    /// <summary>Directory of its config.json, which runc reads for every <c>runc exec</c>: it is there for as long as the container is, however it came.</summary>
    public string Bundle { get; }

    /// <summary>Makes the directories; nothing is mounted.</summary>
    public void Create()
    {
        foreach (var directory in (string[])[ContainerDirectory, Upper, _work, MountPoint, Bundle])
        {
            Directory.CreateDirectory(directory);
        }

        // A container may not look at what another left in its layers.
        File.SetUnixFileMode(ContainerDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        // Whoever runs in the container sees the mode of upper as the mode of /.
        File.SetUnixFileMode(Upper, (UnixFileMode)0x1ED /* 0755 */);
    }

    public bool IsMounted => MountTable.Below(MountPoint).Contains(MountPoint);

    /// <summary>Mounts the tree; no error when it is mounted already.</summary>
    /// <param name="layers">Directories of the layers, highest first.</param>
    /// <exception cref="LinuxException">mount(2) refused.</exception>
    public void Mount(IReadOnlyList<string> layers)
    {
        if (IsMounted)
        {
            return;
        }

        var options = $"lowerdir={string.Join(':', layers)},upperdir={Upper},workdir={_work}";
        // The kernel copies one page of options, and reads ':' and ',' as separators.
        if (options.Length >= Environment.SystemPageSize || layers.Append(Upper).Any(path => path.AsSpan().ContainsAny(",:\\")))
        {
            throw new LinuxException("mount overlay", $"{MountPoint}: {layers.Count} layers with paths of together {options.Length} characters", Interop.Errno.EINVAL);
        }

        if (Interop.Tmpfs.Mount("overlay", MountPoint, "overlay", 0, options) != 0)
        {
            throw LinuxException.FromLastError("mount overlay", MountPoint);
        }
    }

    /// <summary>Takes the mount away (lazily where a dying task still holds it); the writable layer stays. No error when it is not mounted.</summary>
    public void Unmount() => MountTable.DetachBelow(MountPoint);

    /// <summary>
    /// Unmounts, and deletes everything of the container's files, its record last: a daemon that dies over it knows of the container when it comes back, and does not take what is left for the files of the
    /// next one of that name.
    /// </summary>
    public void Delete()
    {
        Unmount();
        if (Directory.Exists(ContainerDirectory))
        {
            foreach (var directory in Directory.GetDirectories(ContainerDirectory))
            {
                Directory.Delete(directory, recursive: true);
            }

            Directory.Delete(ContainerDirectory, recursive: true);
            DurableFile.SyncDirectory(Path.GetDirectoryName(ContainerDirectory)!);
        }
    }
}
