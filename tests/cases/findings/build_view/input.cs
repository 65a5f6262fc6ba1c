using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using static System.Diagnostics.CodeAnalysis.DynamicallyAccessedMemberTypes;

// What .NET's analyzers see in a build: operations of the source, guards, and what they do not follow.
static class Api
{
    [RequiresUnreferencedCode("trim")] public static int Trim() => 1;
    [RequiresDynamicCode("aot")] public static int Aot() => 1;
    public static event Action Event { [RequiresUnreferencedCode("event")] add { } remove { } }
    public static void Methods([DynamicallyAccessedMembers(PublicMethods)] Type t) { }
    public static Type Unknown() => typeof(string);
    public static (Type, Type) Pair() => (typeof(string), typeof(int));
}

static class Switch
{
    [FeatureGuard(typeof(RequiresUnreferencedCodeAttribute))]
    public static bool IsOn => !RuntimeFeature.IsDynamicCodeSupported;

    [FeatureGuard(typeof(RequiresDynamicCodeAttribute))]
    public static bool IsCompiling => RuntimeFeature.IsDynamicCodeSupported;
}

class Guarded
{
    public int Both() => Switch.IsCompiling && Switch.IsOn ? Api.Aot() + Api.Trim() : 0;
    public int Either() => Switch.IsCompiling || Switch.IsOn ? Api.Aot() : 0;

    public int Early()
    {
        if (!Switch.IsCompiling)
            throw new NotSupportedException();
        return Api.Aot();
    }

    public int Stored()
    {
        var isOn = Switch.IsCompiling;
        if (isOn)
            return Api.Aot();
        return 0;
    }

    public IEnumerable<int> Iterator()
    {
        if (Switch.IsCompiling)
            yield return Api.Aot();
        yield return Api.Aot();
    }
}

class Followed
{
    [DynamicallyAccessedMembers(PublicMethods)] private Type _annotated;
    private int _initialized = Api.Trim();

    public void Loops(Type[] types)
    {
        foreach (var each in types)
            Api.Methods(each);
        Api.Methods(types[0]);
    }

    public void Patterns(object value, Type plain)
    {
        if (value is Type type)
            Api.Methods(type);
        var (first, _) = Api.Pair();
        Api.Methods(first);
        (_annotated, _) = (plain, plain);
        _annotated = plain;
    }

    public void Operations(dynamic value, Followed other)
    {
        Func<int> created = new Func<int>(Api.Trim);
        Func<int> converted = Api.Trim;
        Api.Event += () => Api.Trim();
        value.Call(Api.Trim());
        GC.KeepAlive(new object[] { created, converted });
    }
}

class Base
{
    [RequiresUnreferencedCode("base")] public Base() { }
}

class Explicit : Base
{
    public Explicit(int i) : base() { }
}

class Program
{
    static void Main() { }
}
