using System; using System.Linq; using System.Reflection; using System.Collections.Generic; using System.Diagnostics.CodeAnalysis;
[AttributeUsage(AttributeTargets.All, Inherited = false)] class A : Attribute { public object V; public A(object v) { V = v; } public Type[] Types { get; set; } }
[A(new object[] { 1, "x", typeof(int), DayOfWeek.Friday }, Types = new[] { typeof(List<int>), null })] class Base { protected int prot = 1; public virtual int P { get; set; } = 1; [A(1.5f)] public void M([A('c')] int x) { } }
[A(null)] class Derived : Base { public override int P { get => 2; } public new string ToString() => "d"; static readonly string Ro = "ro"; [ThreadStatic] public static int Ts; public const long K = -5; public static event Action Ev; internal static void Raise() => Ev?.Invoke(); }
struct S { public int X; public string Y; public S(int x) { X = x; Y = "y" + x; } public int Add(int d) => X += d; public static S operator +(S a, S b) => new(a.X + b.X); public override string ToString() => "S" + X; }
interface I { int Get(); static int St() => 3; int Def() => 4; }
class Impl : I { int I.Get() => 7; }
class Nest { public class In { public enum E { Q } } private class Hidden { } }
class Throws { static Throws() { throw new InvalidOperationException("cctor"); } public static int F = 1; public static int Go() => 1; }
static class Ext { public static string Full(this string s, int n = 2) => s + n; }
class Program {
  static void Try(Action a) { try { a(); } catch (Exception e) { Console.WriteLine(e.GetType().Name + (e is TargetInvocationException ? "<" + e.InnerException.GetType().Name : "")); } }
  static string Names(IEnumerable<MemberInfo> m) => string.Join(",", m.Select(x => x.Name));
  static void Main() {
    var a = typeof(Base).GetCustomAttribute<A>(); Console.WriteLine(string.Join("|", (object[])a.V) + a.Types[0] + a.Types.Length);
    Console.WriteLine(typeof(Derived).GetCustomAttribute<A>().V == null); Console.WriteLine(typeof(Base).GetMethod("M").GetParameters()[0].GetCustomAttribute<A>().V);
    const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
    Console.WriteLine(Names(typeof(Derived).GetProperties(all)) + " " + Names(typeof(Derived).GetFields(all)) + " " + Names(typeof(Derived).GetEvents(all)) + " " + Names(typeof(Derived).GetMethods(all | BindingFlags.DeclaredOnly)));
    Console.WriteLine(typeof(Derived).GetField("Ro", all).GetValue(null) + " " + typeof(Derived).GetField("K").GetValue(null) + " " + typeof(Derived).GetField("K").GetRawConstantValue());
    typeof(Derived).GetField("Ts").SetValue(null, 9); Console.WriteLine(Derived.Ts + " " + typeof(Derived).GetField("Ts").GetValue(null));
    typeof(Derived).GetField("prot", all).SetValue(new Derived(), 4); Try(() => typeof(Derived).GetField("prot", all).SetValue(new Derived(), "no")); Try(() => typeof(Derived).GetField("prot", all).GetValue("no"));
    int n = 0; typeof(Derived).GetEvent("Ev").AddEventHandler(null, (Action)(() => n++)); Derived.Raise(); Console.WriteLine(n);
    Console.WriteLine(typeof(Derived).GetProperty("P").GetValue(new Derived()) + " " + typeof(Derived).GetProperty("P").CanWrite + " " + typeof(Base).GetProperty("P").DeclaringType + typeof(Derived).GetProperty("P").GetMethod.GetBaseDefinition().DeclaringType);
    object s = new S(5); Console.WriteLine(typeof(S).GetMethod("Add").Invoke(s, new object[] { 3 }) + " " + s + " " + typeof(S).GetField("Y").GetValue(s)); typeof(S).GetField("X").SetValue(s, 50); Console.WriteLine(s);
    Console.WriteLine(typeof(S).GetConstructor(new[] { typeof(int) }).Invoke(new object[] { 6 }) + " " + typeof(S).GetMethod("op_Addition").Invoke(null, new object[] { new S(1), new S(2) }) + Activator.CreateInstance(typeof(S)) + Activator.CreateInstance<S>());
    Console.WriteLine(typeof(I).GetMethod("Get").Invoke(new Impl(), null) + " " + typeof(I).GetMethod("Def").Invoke(new Impl(), null) + " " + typeof(I).GetMethod("St").Invoke(null, null));
    Console.WriteLine(Names(typeof(Nest).GetNestedTypes()) + " " + typeof(Nest).GetNestedType("Hidden", BindingFlags.NonPublic)?.Name + " " + typeof(Nest.In.E).DeclaringType + " " + typeof(Nest.In.E).FullName);
    Try(() => typeof(Throws).GetMethod("Go").Invoke(null, null)); Try(() => typeof(Throws).GetField("F").GetValue(null));
    Console.WriteLine(typeof(Ext).GetMethod("Full").Invoke(null, new object[] { "e", Type.Missing }) + " " + ((Func<int, string>)Delegate.CreateDelegate(typeof(Func<int, string>), "closed", typeof(Ext).GetMethod("Full")))(8));
    Try(() => typeof(Base).GetMethod("M").Invoke(null, new object[] { 1 })); Try(() => typeof(Base).GetMethod("M").Invoke(new Base(), null)); Try(() => typeof(List<>).GetMethod("Clear").Invoke(new List<int>(), null)); Try(() => Activator.CreateInstance(typeof(I)));
    Console.WriteLine(typeof(List<int>).GetMethod("Add") + " " + typeof(List<string>).GetProperty("Count").GetValue(new List<string> { "a" }) + " " + typeof(Dictionary<string, int>).GetProperty("Item").GetValue(new Dictionary<string, int> { ["k"] = 3 }, new object[] { "k" }));
    var list = Activator.CreateInstance(typeof(List<>).MakeGenericType(typeof(S))); Console.WriteLine(list);
    Console.WriteLine(typeof(string).GetMethod("Substring", new[] { typeof(int), typeof(int) }).Invoke("hello", new object[] { 1, 3 }) + " " + typeof(Math).GetMethod("Max", new[] { typeof(int), typeof(int) }).Invoke(null, new object[] { 4, 9 }) + typeof(int).GetMethod("Parse", new[] { typeof(string) }).Invoke(null, new object[] { "12" }));
    Console.WriteLine(typeof(int).GetField("MaxValue").GetValue(null) + " " + typeof(string).GetField("Empty").GetValue(null) + "|" + typeof(decimal).GetField("One").GetValue(null));
    object o = new Random(1).Next() > -1 ? new Nest() : null; Console.WriteLine(o.GetType().GetMethod("Nothing") == null);
    Console.WriteLine(typeof(Program).GetMethod("Names", all).ReturnParameter.ParameterType + " " + MethodBase.GetMethodFromHandle(typeof(Ext).GetMethod("Full").MethodHandle).Name + " " + typeof(Base).GetMethod("M").Equals(typeof(Derived).GetMethod("M")) + typeof(Base).GetMethod("M").MetadataToken.Equals(typeof(Derived).GetMethod("M").MetadataToken));
    Console.WriteLine(typeof(S).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Length);
  }
}
