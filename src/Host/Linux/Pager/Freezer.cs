namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// Stops a container's tasks while the keeper takes over, by the cgroup freezer of either version. Does not wait for "frozen": a
/// task inside a page fault or a munmap can only stop once its fault or event is served.
/// </summary>
internal sealed class Freezer
{
    private readonly string _cgroup;
    private bool _frozeIt;

    /// <param name="cgroup">Directory of the container's cgroup (v1 freezer hierarchy, or v2), which need not be there before the container is; empty for none.</param>
    internal Freezer(string cgroup) => _cgroup = cgroup;

    private bool IsV1 => File.Exists(Path.Combine(_cgroup, "freezer.state"));

    private string StateFile => Path.Combine(_cgroup, IsV1 ? "freezer.state" : "cgroup.freeze");

    private string Frozen => IsV1 ? "FROZEN" : "1";

    private string Thawed => IsV1 ? "THAWED" : "0";

    /// <summary>Freezes unless somebody else has: then the thaw is theirs as well.</summary>
    internal void Freeze()
    {
        if (_cgroup.Length > 0 && File.Exists(StateFile) && File.ReadAllText(StateFile).Trim() == Thawed)
        {
            File.WriteAllText(StateFile, Frozen);
            _frozeIt = true;
        }
    }

    /// <summary>Undoes <see cref="Freeze"/>.</summary>
    internal void Thaw()
    {
        if (_frozeIt && File.Exists(StateFile))
        {
            File.WriteAllText(StateFile, Thawed);
        }
    }
}
