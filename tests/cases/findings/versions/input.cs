using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using static System.Diagnostics.CodeAnalysis.DynamicallyAccessedMemberTypes;

// What .NET's analyzers and native compiler of 10 see and those of 9 do not, and the other way round.
static class Api
{
    [RequiresUnreferencedCode("by name")] public static void Hidden() { }
    public static Type Unknown() => null;
    public static void Events([DynamicallyAccessedMembers(PublicEvents)] Type type) { }
    public static void Named([DynamicallyAccessedMembers(PublicMethods)] string type) { }
    public static void Everything([DynamicallyAccessedMembers(All)] Type type) { }
}

class Cell<[DynamicallyAccessedMembers(PublicEvents)] T>
{
    public class Inner { }
    public struct Value { }
}

// Automatic properties: stores to them are stores to their fields.
class Settings
{
    [DynamicallyAccessedMembers(PublicEvents)] public Type Initialized { get; set; } = Api.Unknown();
    [DynamicallyAccessedMembers(PublicEvents)] public Type Fixed { get; }
    [DynamicallyAccessedMembers(PublicEvents)] public Type Settable { get; init; }
    [field: DynamicallyAccessedMembers(PublicEvents)] [DynamicallyAccessedMembers(PublicEvents)] public Type Twice { get; set; }

    public Settings(Type type, bool isSet)
    {
        Fixed = type;
        if (isSet)
            Fixed = type ?? Api.Unknown();
        Settable = type;
    }

    public static void Reflect()
    {
        Api.Everything(typeof(Settings));
        typeof(Settings).GetField("<Fixed>k__BackingField", BindingFlags.NonPublic | BindingFlags.Instance);
    }
}

// Captured parameters of primary constructors.
class Source([DynamicallyAccessedMembers(PublicEvents)] Type type)
{
    [DynamicallyAccessedMembers(PublicEvents)] public Type Copy { get; } = type;
    public void Read() => Api.Events(type);
    public void Write(Type other) => type = other;
}

// Variables that patterns declare.
class Matching
{
    public Type Field;
    public Type Property => Field;

    public void If(object o, Type type, Matching other)
    {
        if (o is Type a) Api.Events(a);
        if (type is { } b) Api.Events(b);
        if (other is { Field: var c }) Api.Events(c);
        if (other is { Property: Type d }) Api.Events(d);
        if (other is { Property: { IsEnum: true } e }) Api.Events(e);
        if (o is not Type f) return;
        Api.Events(f);
    }

    public void Switch(object o)
    {
        switch (o)
        {
            case Type a when a.IsEnum: Api.Events(a); break;
            case Matching { Field: Type b }: Api.Events(b); break;
            case (Type c, int _): Api.Events(c); break;
        }
        Action action = o switch { Type d => () => Api.Events(d), string e => () => Type.GetType(e), _ => null };
    }
}

// Names of types.
class Handler(object name) : Attribute { public Handler([DynamicallyAccessedMembers(PublicMethods)] string name) : this((object)name) { } }

class Names
{
    [DynamicallyAccessedMembers(PublicMethods)] const string Constant = "Api";

    [Handler("Api")] void Attributed() { }

    void Use()
    {
        Type.GetType("Api").GetMethod("Hidden");
        Type.GetType("Api, program").GetMethods();
        Type.GetType("Nothing").GetMethods();
        Api.Named("Api");
        Api.Named("Api, program");
        Api.Named("Nothing.At.All");
        Api.Named("System.Collections.Generic.List`1[[System.Int32]], System.Private.CoreLib");
        Api.Named("not [a name");
    }
}

class Arguments<T>
{
    Cell<T>.Value _value;
    object Types() => new object[] { typeof(Cell<T>), new Cell<T>.Inner(), new Cell<T>[1], _value, default(Cell<T>.Value) };
    Action<object> Lambda() => ([DynamicallyAccessedMembers(PublicEvents)] object o) => { };
}

[DynamicallyAccessedMembers(All)]
class Observed
{
    [RequiresUnreferencedCode("observed")] public void Dangerous() { }
    public void Annotated([DynamicallyAccessedMembers(PublicEvents)] Type type) { }
}

class Heir : Observed { [RequiresUnreferencedCode("heir", Url = "u")] public void Own() { } }

static class Program { static void Main() { } }
