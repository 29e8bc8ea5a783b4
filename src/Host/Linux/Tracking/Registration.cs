namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// Registers every wanted mapping of a process for tracking, each round anew: a mapping that was replaced at the same address
/// looks the same in maps and is not registered.
/// </summary>
internal static class Registration
{
    /// <summary>
    /// True per mapping when it is tracked. Null when the process has another address space than the one that is tracked: it
    /// called exec, and what was sent of it is void.
    /// </summary>
    internal static bool[]? Register(TrackedProcess process, ProcessView view)
    {
        var tracked = new bool[view.Mappings.Count];
        if (process.Userfault is not { } userfault)
        {
            return tracked;
        }

        var known = false;
        for (var i = 0; i < tracked.Length; i++)
        {
            var mapping = view.Mappings[i];
            var errno = userfault.Register(mapping.Start, mapping.End);
            if (errno is Interop.Errno.ENOMEM or Interop.Errno.ESRCH && !userfault.IsAlive)
            {
                return null;
            }

            // EBUSY: the program has a userfaultfd of its own there. EINVAL: not trackable (droppable memory), or gone meanwhile.
            tracked[i] = errno == 0;

            // A vfork child may keep the old address space alive after its parent called exec: then registration succeeds, but
            // not where we scan. One mapping that is seen registered through our pagemap is proof enough.
            known = known || (tracked[i] && PageScanner.IsRegistered(view.Pagemap, mapping.Start, mapping.End));
        }

        return known || !tracked.Contains(true) ? tracked : null;
    }
}
