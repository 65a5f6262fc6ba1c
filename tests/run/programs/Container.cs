using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Reflection;

interface IClock { string Now(); }
class FixedClock : IClock { public string Now() => "12:00"; }
interface IGreeter { string Greet(string who); }
class Greeter : IGreeter
{
    private readonly IClock clock; private readonly Options options;
    public Greeter(IClock clock, Options options) { this.clock = clock; this.options = options; }
    public string Greet(string who) => $"{options.Prefix} {who} at {clock.Now()}";
}
class Options { public string Prefix { get; set; } = "Hello"; }
interface IRepo<T> { string Describe(); }
class Repo<T> : IRepo<T> { private readonly IClock c; public Repo(IClock c) { this.c = c; } public string Describe() => typeof(T).Name + "@" + c.Now(); }

class Registration
{
    public Registration([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] Type implementation, bool singleton) { Implementation = implementation; Singleton = singleton; }
    [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)]
    public Type Implementation { get; }
    public bool Singleton { get; }
    public object Instance;
}

class Container
{
    private readonly Dictionary<Type, Registration> map = new();
    public Container Add<TService, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TImplementation>(bool singleton = false) where TImplementation : TService
    {
        map[typeof(TService)] = new Registration(typeof(TImplementation), singleton);
        return this;
    }
    public T Get<T>() => (T)Get(typeof(T));
    public object Get(Type type)
    {
        if (!map.TryGetValue(type, out var r)) throw new InvalidOperationException("no service " + type);
        if (r.Instance != null) return r.Instance;
        var ctor = r.Implementation.GetConstructors().OrderByDescending(c => c.GetParameters().Length).First();
        var args = ctor.GetParameters().Select(p => Get(p.ParameterType)).ToArray();
        var made = ctor.Invoke(args);
        if (r.Singleton) r.Instance = made;
        return made;
    }
}

[AttributeUsage(AttributeTargets.Property)]
abstract class CheckAttribute : Attribute { public string Message { get; set; } public abstract bool Ok(object value); }
class RequiredAttribute : CheckAttribute { public override bool Ok(object v) => v is string s ? s.Length > 0 : v != null; }
class RangeAttribute : CheckAttribute { readonly double lo, hi; public RangeAttribute(double lo, double hi) { this.lo = lo; this.hi = hi; } public override bool Ok(object v) { var d = Convert.ToDouble(v); return d >= lo && d <= hi; } }
class OneOfAttribute : CheckAttribute { readonly string[] values; public OneOfAttribute(params string[] values) { this.values = values; } public override bool Ok(object v) => values.Contains(v as string); }

class Person
{
    [Required(Message = "name is needed")] public string Name { get; set; }
    [Range(0, 150)] public int Age { get; set; }
    [OneOf("a", "b")] public string Kind { get; set; }
    [Required] public Person Parent { get; init; }
    public DateTime? Born { get; set; }
}

static class Validator
{
    public static List<string> Check<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(T value)
    {
        var result = new List<string>();
        foreach (var p in typeof(T).GetProperties())
            foreach (var a in p.GetCustomAttributes<CheckAttribute>(true))
                if (!a.Ok(p.GetValue(value))) result.Add(p.Name + ": " + (a.Message ?? a.GetType().Name));
        return result;
    }
    public static Dictionary<string, object> ToDictionary<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(T value)
        => typeof(T).GetProperties().ToDictionary(p => p.Name, p => p.GetValue(value));
    public static T FromDictionary<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>(Dictionary<string, object> d) where T : new()
    {
        var o = new T();
        foreach (var (k, v) in d) typeof(T).GetProperty(k)?.SetValue(o, v);
        return o;
    }
}
delegate int BinOp(int a, int b);
class Math2 { public int Base = 10; public int Plus(int a, int b) => Base + a + b; public static int Times(int a, int b) => a * b; public virtual string V(int x) => "v" + x; }
class Math3 : Math2 { public override string V(int x) => "w" + x; }
enum Color : byte { Red = 1, [System.ComponentModel.Description("the green")] Green = 2, Blue = 4 }
static class Program
{
    static void Main()
    {
        var c = new Container().Add<IClock, FixedClock>(true).Add<IGreeter, Greeter>().Add<Options, Options>(true).Add<IRepo<string>, Repo<string>>().Add<IRepo<int>, Repo<int>>();
        c.Get<Options>().Prefix = "Hi";
        Console.WriteLine(c.Get<IGreeter>().Greet("Ann"));
        Console.WriteLine(c.Get<IRepo<string>>().Describe() + c.Get<IRepo<int>>().Describe());
        Console.WriteLine(ReferenceEquals(c.Get<IClock>(), c.Get<IClock>()));
        try { c.Get<IDisposable>(); } catch (InvalidOperationException e) { Console.WriteLine(e.Message); }
        var p = new Person { Name = "", Age = 200, Kind = "c" };
        foreach (var s in Validator.Check(p)) Console.WriteLine(s);
        foreach (var (k, v) in Validator.ToDictionary(p)) Console.WriteLine(k + "=" + (v ?? "null"));
        var q = Validator.FromDictionary<Person>(new() { ["Name"] = "Bob", ["Age"] = 5, ["Born"] = new DateTime(2000, 1, 2), ["Nope"] = 1 });
        Console.WriteLine(q.Name + q.Age + q.Born.Value.Year + Validator.Check(q).Count);
        var m = new Math2();
        Console.WriteLine(typeof(Math2).GetMethod("Plus").CreateDelegate<BinOp>(m)(1, 2));
        Console.WriteLine(((BinOp)Delegate.CreateDelegate(typeof(BinOp), typeof(Math2).GetMethod("Times")))(6, 7));
        var open = (Func<Math2, int, int, int>)typeof(Math2).GetMethod("Plus").CreateDelegate(typeof(Func<Math2, int, int, int>));
        Console.WriteLine(open(m, 3, 4));
        var vv = typeof(Math2).GetMethod("V").CreateDelegate<Func<int, string>>(new Math3());
        Console.WriteLine(vv(9));
        try { typeof(Math2).GetMethod("V").CreateDelegate<BinOp>(m); } catch (ArgumentException e) { Console.WriteLine(e.Message); }
        foreach (var f in typeof(Color).GetFields()) Console.WriteLine(f.Name + " " + f.FieldType + " " + f.IsLiteral + " " + (f.IsLiteral ? f.GetRawConstantValue() : "-") + " " + f.GetCustomAttribute<System.ComponentModel.DescriptionAttribute>()?.Description);
        Console.WriteLine(Enum.Parse<Color>("green", true) + " " + Enum.IsDefined(typeof(Color), (byte)3) + " " + string.Join(",", Enum.GetNames(typeof(Color))));
        Console.WriteLine(typeof(Dictionary<,>).GetGenericArguments()[1].Name + typeof(Program).Assembly.GetName().Version);
        foreach (var pi in typeof(Greeter).GetConstructors()[0].GetParameters()) Console.WriteLine(pi);
        var init = typeof(Person).GetProperty("Parent").SetMethod.ReturnParameter.GetRequiredCustomModifiers();
        Console.WriteLine(init.Length + " " + init[0]);
        Console.WriteLine(typeof(Person).GetProperty("Age").GetMethod.Invoke(q, null));
        Console.WriteLine(typeof(IRepo<int>).GetMethod("Describe").Invoke(c.Get<IRepo<int>>(), null));
        Console.WriteLine(Activator.CreateInstance(typeof(Greeter), new FixedClock(), new Options()) is IGreeter);
        try { Activator.CreateInstance(typeof(Greeter), "x"); } catch (MissingMethodException e) { Console.WriteLine(e.Message); }
        Console.WriteLine(typeof(Math2).GetField("Base").GetValue(m) + " " + typeof(Math2).GetMember("Plus").Length);
        MethodInfo mi = ((BinOp)m.Plus).Method; Console.WriteLine(mi.Name + mi.ReturnType + mi.GetParameters().Length + mi.DeclaringType);
    }
}
