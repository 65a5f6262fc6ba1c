using System;
using System.Reflection;
[AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
class TagAttribute : Attribute { public string Name; public int Level { get; set; } public Type T; public TagAttribute(string n) { Name = n; } }
[Tag("hi", Level = 3, T = typeof(string))]
class Foo {
  public int X { get; set; } = 5;
  public string Name { get; set; } = "n";
  public int F = 7; public static string S = "st";
  public int Add(int a, long b) => a + (int)b + X;
  public static double Half(double d) => d / 2;
  public virtual string Virt() => "Foo.Virt";
  public Foo() { }
  public Foo(int x) { X = x; }
}
class Bar : Foo { public override string Virt() => "Bar.Virt"; }
struct P { public int A; public int B; public int Sum() => A + B; }
[Flags] enum E { A = 1, B = 2 }
class Program {
  static void Main() {
    Console.WriteLine(typeof(Program).Assembly.GetName().Name);
    Console.WriteLine(typeof(Foo).GetCustomAttribute<TagAttribute>()!.Name);
    var t = (TagAttribute)Attribute.GetCustomAttribute(typeof(Foo), typeof(TagAttribute));
    Console.WriteLine(t.Level + " " + t.T);
    Console.WriteLine(Attribute.IsDefined(typeof(Foo), typeof(ObsoleteAttribute)) + " " + Attribute.IsDefined(typeof(Foo), typeof(TagAttribute)));
    Console.WriteLine(E.A | E.B);
    foreach (var p in typeof(Foo).GetProperties()) Console.WriteLine(p.Name + " " + p.PropertyType + " " + p.CanWrite);
    var f = new Foo();
    var x = typeof(Foo).GetProperty("X");
    x.SetValue(f, 42); Console.WriteLine(x.GetValue(f));
    foreach (var q in typeof(Foo).GetFields()) Console.WriteLine(q.Name + " " + q.FieldType + " " + q.GetValue(f));
    typeof(Foo).GetField("F").SetValue(f, 99); Console.WriteLine(f.F);
    Console.WriteLine(typeof(Foo).GetMethod("Add").Invoke(f, new object[] { 1, 2L }));
    Console.WriteLine(typeof(Foo).GetMethod("Half").Invoke(null, new object[] { 5.0 }));
    Console.WriteLine(typeof(Foo).GetMethod("Virt").Invoke(new Bar(), null));
    Console.WriteLine(typeof(P).GetMethod("Sum").Invoke(new P { A = 3, B = 4 }, null));
    foreach (var m in typeof(Foo).GetMethods()) Console.WriteLine(m);
    foreach (var c in typeof(Foo).GetConstructors()) Console.WriteLine(c);
    var g = (Foo)typeof(Foo).GetConstructor(new[] { typeof(int) }).Invoke(new object[] { 77 });
    Console.WriteLine(g.X);
    Console.WriteLine(((Foo)Activator.CreateInstance(typeof(Foo), 78)).X);
    foreach (var pi in typeof(Foo).GetMethod("Add").GetParameters()) Console.WriteLine(pi.Position + pi.Name + pi.ParameterType);
    try { typeof(Foo).GetMethod("Add").Invoke(f, new object[] { "x", 2L }); } catch (Exception e) { Console.WriteLine(e.GetType()); }
  }
}
