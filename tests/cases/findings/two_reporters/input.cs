using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static System.Diagnostics.CodeAnalysis.DynamicallyAccessedMemberTypes;

// Where the build's analyzers and the native compiler differ: one class a topic.
static class Ask
{
    [RequiresUnreferencedCode("trim")] public static int Trim() => 1;
    [RequiresDynamicCode("aot")] public static int Aot() => 1;
    [RequiresAssemblyFiles("files")] public static int Files() => 1;
    public static void Methods([DynamicallyAccessedMembers(PublicMethods)] Type type) { }
    public static void Named([DynamicallyAccessedMembers(PublicMethods)] string name) { }
    public static void Two(int a, [DynamicallyAccessedMembers(PublicMethods)] Type type = null, int b = 0) { }
    public static void Out(out Type type) => type = null;
    public static void Ref(ref Type type) { }
    public static Type Plain() => null;
}

class AllThree
{
    [RequiresUnreferencedCode("trim")] [RequiresDynamicCode("aot")] [RequiresAssemblyFiles("files")] public static void M() { }
    static void ByName() => typeof(AllThree).GetMethod("M");
    static unsafe void Pointer() { delegate*<int> f = &Ask.Trim; delegate*<Type, void> g = &Ask.Methods; }
    static void Constant() => Ask.Trim();
}

class Dynamics
{
    static string Name(dynamic d) => (string)d.Name;
    static void Index(dynamic d) { d[0] = 1; d.Run(); }
}

class KnownArguments
{
    enum Color { Red }
    struct Header { public int A; }
    static void Known(IntPtr p)
    {
        typeof(Header[]).GetMethods();
        Enum.GetValues(typeof(Color));
        Marshal.SizeOf(typeof(Header));
        Marshal.PtrToStructure(p, typeof(Header));
        Expression.Call(typeof(KnownArguments), "Known", null);
    }
    static void Unknown(Type t, IntPtr p)
    {
        Enum.GetValues(t);
        Marshal.SizeOf(t);
        Marshal.PtrToStructure(p, t);
        Array.CreateInstance(t, 1);
        Array.CreateInstance(t, 1, 2);
    }
}

class ByNames
{
    static void Known(Assembly assembly)
    {
        assembly.CreateInstance("A");
        Activator.CreateInstanceFrom("a.dll", "A");
        AppDomain.CurrentDomain.CreateInstance("program", "Ask");
        Activator.CreateInstance("program", "Ask");
    }
    static Func<string, FileStream> Group(Assembly assembly) => assembly.GetFile;
    static FileStream Call(Assembly assembly) => assembly.GetFile("x");
    static string Location(Assembly assembly) => assembly.Location;
    static void Unknown(Assembly assembly, string name) { assembly.CreateInstance(name); Activator.CreateInstanceFrom(name, name); }
}

[ComImport, Guid("00000000-0000-0000-0000-000000000001")] class Com { }

class Native
{
    [DllImport("n")] static extern void Callback(Delegate d);
    [DllImport("n")] static extern void Object(Com com);
    [DllImport("n")] static extern void Plain(int n);
    static void Use() { Callback(null); Object(null); Plain(1); }
}

class Mark : Attribute { [RequiresUnreferencedCode("mark")] public Mark() { } public Mark(int n) { } }

class Attributed
{
    static void M()
    {
        Action a = [Mark] () => { };
        [Mark] static void Local() { }
        Local();
        Expression<Action<Type>> e = x => Ask.Methods(x);
    }
    [Mark] static void Method() { }
}

class Values
{
    [DynamicallyAccessedMembers(PublicMethods)] static Type _kept;
    static Type _plain;
    sealed class Leaf { }

    static void OutOfOrder(Type t) => Ask.Two(type: t, a: 2);
    static void InOrder(Type t) => Ask.Two(1, t);
    static void Outs() { Ask.Out(out var t); Ask.Methods(t); Ask.Ref(ref _kept); }
    static void RefLocals(Type p) { ref Type r = ref _kept; r = p; ref Type s = ref _plain; Ask.Methods(s); }
    static void Tuples(Type p, Type q) => (_kept, _plain) = (p, q);
    static void Planes() { var types = new Type[1, 1]; types[0, 0] = typeof(int); Ask.Methods(types[0, 0]); }
    static void EitherArray(bool b) { var types = b ? new[] { typeof(int) } : new[] { typeof(long) }; Ask.Methods(types[0]); }
    static void Literals(object o) { "x".GetType().GetMethods(); 3.GetType().GetMethods(); (o as Leaf).GetType().GetMethods(); new Leaf().GetType().GetMethods(); }
    static void Bases([DynamicallyAccessedMembers(PublicMethods)] Type t) { Ask.Methods(typeof(IDisposable).BaseType); Ask.Methods(t.UnderlyingSystemType); }
    static void Names(string name) { Ask.Named(name + ", program"); Type.GetType("a", true, true); Type.GetType(name, false, false); }
    static void Handle(string name) => RuntimeHelpers.RunClassConstructor(Type.GetType(name).TypeHandle);

    static void Blocks(bool b, Type p)
    {
        Type t = typeof(int);
        if (b) t = p;
        t = typeof(long);
        Ask.Methods(t);
    }

    static async Task Hoisted(Type p)
    {
        var t = typeof(int);
        await Task.Yield();
        Ask.Methods(t);
        t = Ask.Plain();
        await Task.Yield();
        Ask.Methods(t);
        t = p;
        Ask.Methods(t);
    }
}

class OfStruct<U> where U : struct { }
class NeedsMethods<[DynamicallyAccessedMembers(PublicMethods)] U> { }

class Generics<T>
{
    class Needs<[DynamicallyAccessedMembers(PublicMethods)] U> { }
    Needs<T> _field;
    static Needs<T> Method(Needs<T> p) => p;
    static object Of() => typeof(Needs<T>);
    static void Make(Type t, Type[] types)
    {
        typeof(OfStruct<>).MakeGenericType(t);
        typeof(NeedsMethods<>).MakeGenericType(typeof(T));
        typeof(Needs<>).MakeGenericType(types[0]);
        typeof(Needs<>).MakeGenericType(typeof(T));
    }
}

class Wrong
{
    [return: DynamicallyAccessedMembers(PublicMethods)] static object Result(object o) => o;
    [DynamicallyAccessedMembers(PublicMethods)] static int Property { get; set; }
    [DynamicallyAccessedMembers(PublicMethods)] Type Twice { [return: DynamicallyAccessedMembers(PublicFields)] get => null; }
}

[RequiresUnreferencedCode("old trim")] class OldTrim { public static int Field; }
[RequiresDynamicCode("old aot")] class OldAot { }
class NewTrim : OldTrim { }
class NewAot : OldAot { }
class MayConstruct<T> where T : new() { }
class Dangerous { public Dangerous() { } [RequiresUnreferencedCode("other one")] public Dangerous(int n) { } }

class Members
{
    static int Counter { [RequiresUnreferencedCode("get")] get; [RequiresUnreferencedCode("set")] set; }
    static MayConstruct<Dangerous> _made;
    static Type Constructed(MayConstruct<Dangerous> p) { MayConstruct<Dangerous> local = p; return typeof(MayConstruct<Dangerous>); }
    static void Steps() { Counter++; --Counter; Counter += 1; }
    static MayConstruct<Dangerous> Make() => new MayConstruct<Dangerous>();
    [RequiresUnreferencedCode("scope")] [Mark] class Scoped { }
    static void Lambdas()
    {
        Action a = [UnconditionalSuppressMessage("Trimming", "IL2026")] () => Ask.Trim();
        Action b = [RequiresUnreferencedCode("outer")] () => { Action c = () => Ask.Trim(); c(); };
        [UnconditionalSuppressMessage("Trimming", "IL2026")] static void Local() => Ask.Trim();
        Local();
    }
    [UnconditionalSuppressMessage("Trimming", "IL2026")] static void Around() { Action a = () => Ask.Trim(); a(); }
    static void Pragma()
    {
#pragma warning disable IL2026
        Ask.Trim();
#pragma warning restore IL2026
    }
}

class Loops
{
    static void Exit(Type p, bool b) { Type t; while (true) { t = typeof(int); if (b) break; t = p; } Ask.Methods(t); }
    static void Always(Type p, bool b) { Type t = p; do { t = typeof(int); } while (b); Ask.Methods(t); }
    static void Interfaces(Type t) { t.GetInterfaces()[0].GetMethods(); foreach (var each in t.GetInterfaces()) each.GetMethods(); }
    static void OfAll([DynamicallyAccessedMembers(All)] Type t) { t.GetInterfaces()[0].GetMethods(); t.GetInterfaces()[1].GetInterfaces(); }
    static void Anonymous() { Expression<Func<int, object>> e = x => new { Value = x }; }
}

class WrongParameters
{
    static void Many([DynamicallyAccessedMembers(PublicMethods)] params Type[] types) { }
    static void Object([DynamicallyAccessedMembers(PublicMethods)] object o) { }
    static void Number([DynamicallyAccessedMembers(PublicMethods)] int n) { }
    static void Use(Type t, object o) { Many(t); Many(typeof(int)); Object(o); Object(null); Number(3); }
}

class Later
{
    [return: DynamicallyAccessedMembers(PublicMethods)] static async Task<Type> Waits(Type t) { await Task.Yield(); return t; }
    delegate void Handler([DynamicallyAccessedMembers(PublicMethods)] Type t);
    static Handler _handler = Ask.Methods;
    static void Invoke(Type t) => _handler(t);
    [DynamicDependency("Nowhere", typeof(Later))] [DynamicDependency(PublicEvents, typeof(Later))] static void Depends() { }
}

[DynamicallyAccessedMembers(PublicMethods)]
class Watched
{
    [RequiresUnreferencedCode("watched")] public void Dangerous() { }
    static void Use(Watching watching) => watching.GetType().GetMethods();
}

[DynamicallyAccessedMembers(All)] class WatchedWhole { class Nested { [RequiresUnreferencedCode("nested")] public void M() { } } }
class WatchingWhole : WatchedWhole { static void Use(WatchingWhole whole) => whole.GetType(); }
class Logging : System.Diagnostics.Tracing.EventSource { }

class Watching : Watched { [RequiresUnreferencedCode("watching")] public void Own() { } }

class Built : MayConstruct<Dangerous>, IEquatable<MayConstruct<Dangerous>>
{
    MayConstruct<Dangerous> Property { get; set; } = new();
    event Action<MayConstruct<Dangerous>> Event;
    delegate MayConstruct<Dangerous> Maker(MayConstruct<Dangerous> given);
    public bool Equals(MayConstruct<Dangerous> other) => other is MayConstruct<Dangerous>;
    MayConstruct<Dangerous> Computed => null;
    [RequiresUnreferencedCode("in scope")] MayConstruct<Dangerous> InScope() => new MayConstruct<Dangerous>();
    static void Generic() { void Local(MayConstruct<Dangerous> p) { } Func<object> f = () => Activator.CreateInstance<MayConstruct<Dangerous>>(); }
    void Raise() => Event?.Invoke(Property);
}

[RequiresUnreferencedCode("whole type")] class BuiltInScope { MayConstruct<Dangerous> _field; static MayConstruct<Dangerous> Property { get; } }

class Initialized
{
    [RequiresUnreferencedCode("early")] [RequiresDynamicCode("early")] [RequiresAssemblyFiles("early")] static Initialized() => Ask.Trim();
}

class InitializedGeneric<T> { [RequiresUnreferencedCode("early")] static InitializedGeneric() { } }

class Entry
{
    [UnmanagedCallersOnly(EntryPoint = "called")] [RequiresUnreferencedCode("called")] static void Called() { }
    [RequiresUnreferencedCode("main")] static void Main() { }
}

class Spans
{
    static IEnumerable<int> Numbers() { foreach (var each in Sequence()) yield return each; }
    [RequiresUnreferencedCode("sequence")] static IEnumerable<int> Sequence() => null;
    static object Continued(Type t) =>
        Ask.Plain()
            .GetMethods()
            .Length + t
                .GetFields().Length;
    static List<int> Collected() => new List<int> { Ask.Trim(), 2, Ask.Aot() };
}

file class Hidden { static void M() => Ask.Trim(); }

[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods)]
class Inherited
{
    [RequiresUnreferencedCode("public")] public void Public() { }
    [RequiresUnreferencedCode("virtual")] public virtual void Overridden() { }
    [RequiresUnreferencedCode("hidden")] internal void Internal() { }
}

[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.NonPublicMethods)]
class InheritedMore : Inherited
{
    [RequiresUnreferencedCode("virtual")] public override void Overridden() { }
    [RequiresUnreferencedCode("own")] void Own() { }
    static object Use(InheritedMore watched) => watched.GetType().GetMethods();
}

class BaseOfNested { [RequiresUnreferencedCode("base of nested")] public void OfBase() { } }

[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicNestedTypes)]
class WatchedNested
{
    public class Nested : BaseOfNested { [RequiresUnreferencedCode("of nested")] void M() { } [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods)] Type _type; }
    class Unreached { [RequiresUnreferencedCode("unreached")] public void M() { } }
    static object Use(WatchedNested watched) => watched.GetType().GetNestedTypes();
    static object Use() => typeof(WatchedNested).GetNestedTypes();
    static void Pass() => Keep(typeof(WatchedNested));
    static void Keep([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicNestedTypes)] Type type) { }
}
