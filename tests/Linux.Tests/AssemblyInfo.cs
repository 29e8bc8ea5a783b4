// These tests freeze, trace and time real processes on one machine: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
