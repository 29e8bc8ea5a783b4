using System.Globalization;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>What /proc/…/syscall says about a task that does not run: "number arg1 … arg6 sp pc", or "-1 sp pc" outside of a call.</summary>
internal readonly record struct SleepingCall(long Number, ulong StackPointer)
{
    // asm/unistd_64.h
    private const long SYS_clone = 56;
    private const long SYS_vfork = 58;
    private const long SYS_clone3 = 435;

    /// <summary>True in a call that makes a task: asleep there means waiting for a vfork child.</summary>
    internal bool IsClone => Number is SYS_clone or SYS_vfork or SYS_clone3;

    /// <summary>Null while the task runs, or when it is gone.</summary>
    internal static SleepingCall? Of(string directory)
    {
        string[] fields;
        try
        {
            fields = File.ReadAllText(directory + "/syscall").TrimEnd('\n').Split(' ');
        }
        catch (IOException)
        {
            // ENOENT or ESRCH: the task ended.
            return null;
        }

        if (fields.Length < 3)
        {
            return null;
        }

        var stackPointer = ulong.Parse(fields[^2].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return new SleepingCall(long.Parse(fields[0], CultureInfo.InvariantCulture), stackPointer);
    }
}
