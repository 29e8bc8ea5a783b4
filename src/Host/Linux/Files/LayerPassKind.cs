namespace ActorMigration.Host.Linux.Files;

/// <summary>What the tasks of the container do during a pass over its tree.</summary>
internal enum LayerPassKind
{
    /// <summary>They run, and anything may go away or change while it is looked at.</summary>
    Running,

    /// <summary>They have stood since before the pass began, but a dump may still put names into the tree.</summary>
    Frozen,

    /// <summary>They stand and nobody else writes: after this pass both trees are equal.</summary>
    Final,
}
