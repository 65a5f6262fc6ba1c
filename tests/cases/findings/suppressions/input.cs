using System;
using System.Diagnostics.CodeAnalysis;

[assembly: UnconditionalSuppressMessage("Trimming", "IL2026", Scope = "member", Target = "M:Program.ByTarget(System.String)")]
[assembly: UnconditionalSuppressMessage("Trimming", "IL2026", Scope = "type", Target = "~T:TargetType")]

Program.ByTarget("x");
Program.Plain();

static partial class Program
{
    [RequiresUnreferencedCode("unsafe", Url = "https://example.invalid")]
    internal static void Unsafe() { }

    internal static void ByTarget(string _) => Unsafe();

    internal static void Plain()
    {
        Unsafe(); // IL2026
#pragma warning disable IL2026
        Unsafe();
        Action later = () => Unsafe();
#pragma warning restore IL2026
        later();
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026:RequiresUnreferencedCode")]
    internal static void InLambda()
    {
        Action a = () => Unsafe();
        a();
        Local();
        static void Local() => Unsafe();
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026")]
    internal static string Property { get { Unsafe(); return ""; } }
}

static class TargetType
{
    public static void A() => Program.Unsafe();

    static class Nested
    {
        public static void B() => Program.Unsafe();
    }
}

[UnconditionalSuppressMessage("AOT", "IL3050")]
static class OtherId
{
    public static void C() => Program.Unsafe(); // IL2026
}

[RequiresUnreferencedCode("type")]
class WholeType
{
    public static int Field = 1;
    public WholeType() => Program.Unsafe();
    public void Instance() => Program.Unsafe();
    public static void Static() { }
}

static class UsesType
{
    static void Make() => new WholeType().Instance(); // IL2026 for the constructor alone
    static void Call() => WholeType.Static();         // IL2026
    static int Read() => WholeType.Field;             // IL2026
}
