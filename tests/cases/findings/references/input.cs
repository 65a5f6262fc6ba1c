using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using static System.Diagnostics.CodeAnalysis.DynamicallyAccessedMemberTypes;

// References to fields, parameters, locals and elements; what `out` arguments store; what counts as naming a type.
static class Api
{
    public static Type Unknown() => null;
    [return: DynamicallyAccessedMembers(PublicFields)] public static Type Fields() => null;
    [return: DynamicallyAccessedMembers(PublicConstructors)] public static Type Constructors() => null;
    public static void Everything([DynamicallyAccessedMembers(All)] Type type) { }

    public static void Fill([DynamicallyAccessedMembers(PublicFields)] out Type fields, [DynamicallyAccessedMembers(PublicEvents)] out Type events)
    {
        fields = null;
        events = null;
    }

    public static void Many([DynamicallyAccessedMembers(PublicFields)] Type type, __arglist) { }
}

class Places
{
    [DynamicallyAccessedMembers(PublicFields)] static Type _fields;
    [DynamicallyAccessedMembers(PublicEvents)] static Type _events;

    // To the native compiler two results of one call are stored in both places.
    static void FillBoth() => Api.Fill(out _fields, out _events);

    static void FillOne([DynamicallyAccessedMembers(PublicEvents)] ref Type events)
    {
        Api.Fill(out _fields, out events);
    }

    static void Either(bool b) => (b ? ref _fields : ref _events) = Api.Unknown();

    static void EitherWhenNull(bool b) => (b ? ref _fields : ref _events) ??= Api.Unknown();

    static void EitherOfTwo(bool b) => (b ? ref _fields : ref _events) ??= Api.Unknown() ?? Api.Constructors();

    static void EitherParameter(bool b, [DynamicallyAccessedMembers(PublicFields)] Type fields, [DynamicallyAccessedMembers(PublicEvents)] Type events)
    {
        (b ? ref fields : ref events) = Api.Unknown();
    }

    static void EitherLocal(bool b)
    {
        var first = Api.Unknown();
        var second = Api.Fields();
        (b ? ref first : ref second) = Api.Constructors();
        Api.Everything(first);
        Api.Everything(second);
    }

    static void Element()
    {
        var types = new Type[] { Api.Unknown() };
        ref var first = ref types[0];
        first = Api.Fields();
        Api.Everything(types[0]);
    }

    static void EitherElement(bool b)
    {
        var left = new Type[] { Api.Unknown() };
        var right = new Type[] { Api.Constructors() };
        (b ? ref left[0] : ref right[0]) = Api.Fields();
        Api.Everything(left[0]);
        Api.Everything(right[0]);
    }

    static void ElementOfEither(bool b)
    {
        var left = new Type[] { Api.Unknown() };
        var right = new Type[] { Api.Constructors() };
        (b ? left : right)[0] = Api.Fields();
        Api.Everything(left[0]);
        Api.Everything(right[0]);
    }

    static void ValueOfStore(bool b)
    {
        var value = (b ? ref _fields : ref _events) = Api.Unknown();
        Api.Everything(value);
    }

    static void VariableArguments([DynamicallyAccessedMembers(PublicFields)] Type type, Type other)
    {
        Api.Many(type, __arglist(1, "two"));
        Api.Many(other, __arglist());
    }
}

// A type that implements IReflect can carry annotations, as can its descendants.
class Mirror : IReflect
{
    public Type UnderlyingSystemType => null;
    [DynamicallyAccessedMembers(PublicFields | NonPublicFields)] public FieldInfo GetField(string name, BindingFlags flags) => null;
    [DynamicallyAccessedMembers(PublicFields)] public FieldInfo[] GetFields(BindingFlags flags) => [];
    public MemberInfo[] GetMember(string name, BindingFlags flags) => [];
    public MemberInfo[] GetMembers(BindingFlags flags) => [];
    public MethodInfo GetMethod(string name, BindingFlags flags) => null;
    public MethodInfo GetMethod(string name, BindingFlags flags, Binder binder, Type[] types, ParameterModifier[] modifiers) => null;
    public MethodInfo[] GetMethods(BindingFlags flags) => [];
    public PropertyInfo[] GetProperties(BindingFlags flags) => [];
    public PropertyInfo GetProperty(string name, BindingFlags flags) => null;
    public PropertyInfo GetProperty(string name, BindingFlags flags, Binder binder, Type result, Type[] types, ParameterModifier[] modifiers) => null;
    [DynamicallyAccessedMembers(All)]
    public object InvokeMember(
        string name, BindingFlags flags, Binder binder, object target, object[] args, ParameterModifier[] modifiers, CultureInfo culture, string[] names) => null;
}

class Reflection : Mirror
{
    [DynamicallyAccessedMembers(PublicEvents)] static Reflection _kept;

    static void Keep(Reflection given, [DynamicallyAccessedMembers(PublicEvents)] Reflection good)
    {
        _kept = good;
        _kept = given;
    }

    static void Main() { }
}
