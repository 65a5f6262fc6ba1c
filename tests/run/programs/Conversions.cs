using System;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Linq;
using System.Reflection;

enum Small : byte { One = 1, Two = 2 }
enum Wide : long { One = 1 }
[AttributeUsage(AttributeTargets.All)] class Note : Attribute { public string Text; public Note(string text) { Text = text; } }
class Root { [Note("root")] public virtual string Say() => "root"; public virtual int Other() => 1; public virtual string Name { [Note("getter")] get => "r"; } }
class Middle : Root { public override string Say() => "middle"; public int Field; }
class Leaf : Middle { public override string Say() => "leaf"; public override int Other() => 2; public override string Name => "l"; }
class Takes
{
    public static string Char(char x) => "char " + (int)x;
    public static string Int16(short x) => "short " + x;
    public static string UInt16(ushort x) => "ushort " + x;
    public static string Int32(int x) => "int " + x;
    public static string UInt32(uint x) => "uint " + x;
    public static string Int64(long x) => "long " + x;
    public static string UInt64(ulong x) => "ulong " + x;
    public static string Single(float x) => "float " + x;
    public static string Double(double x) => "double " + x;
    public static string Bool(bool x) => "bool " + x;
    public static string Enum(Small x) => "enum " + x;
    public static string WideEnum(Wide x) => "wide " + x;
    public static string Native(nint x) => "nint " + x;
    public static string Maybe(long? x) => "maybe " + x;
    public static long Stored;
    public static Small Kind;
}
static class Program
{
    static readonly object[] Values = { 'c', (sbyte)-1, (byte)200, (short)-300, (ushort)40000, -5, 3000000000u, -7L, 18446744073709551615ul, 1.5f, 2.25, true, Small.Two, Wide.One, (nint)4, "s", null };

    static string Outcome(Func<object> action)
    {
        try { return action()?.ToString() ?? "null"; }
        catch (TargetInvocationException e) { return "wrapped " + e.InnerException.GetType().Name; }
        catch (Exception e) { return e.GetType().Name; }
    }
    static void Delegates()
    {
        var functions = new Delegate[] { new Func<char, string>(Takes.Char), new Func<ushort, string>(Takes.UInt16), new Func<int, string>(Takes.Int32), new Func<double, string>(Takes.Double) };
        foreach (var function in functions)
            foreach (var value in Values)
                Console.WriteLine(function.Method.GetParameters()[0].ParameterType + " <- " + (value ?? "null") + ": " + Outcome(() => function.DynamicInvoke(value)));
    }
    [DynamicDependency("Say", typeof(Leaf)), DynamicDependency("Field", typeof(Middle)), DynamicDependency("get_Name", typeof(Leaf))]
    static void Overrides()
    {
        object leaf = new Leaf();
        var say = leaf.GetType().GetMethod("Say");
        Console.WriteLine(say.DeclaringType + " " + say.GetBaseDefinition().DeclaringType + " " + say.Invoke(leaf, null));
        Console.WriteLine(say.GetCustomAttribute<Note>()?.Text + " " + (say.GetCustomAttribute<Note>(false) == null) + " " + say.IsDefined(typeof(Note), true));
        Console.WriteLine(leaf.GetType().GetMethod("get_Name").GetCustomAttribute<Note>(true)?.Text);
    }
    static void Loads()
    {
        foreach (var name in new[] { "No.Such.Assembly", "No.Such.Assembly, Version=1.2.3.4, Culture=neutral, PublicKeyToken=null", typeof(Program).Assembly.GetName().Name })
            try { Console.WriteLine(Assembly.Load(name).GetName().Name == name); }
            catch (FileNotFoundException e) { Console.WriteLine(e.Message.Trim() + " [" + e.FileName + "]"); }
        Console.WriteLine(Outcome(() => Type.GetType(Text("Missing.Type, No.Such.Assembly"))));
        Console.WriteLine(Outcome(() => Type.GetType(Text("Missing.Type, No.Such.Assembly"), throwOnError: true)));
    }
    static string Text(string text) => new string(text.ToCharArray());
    static void Main()
    {
        foreach (var method in typeof(Takes).GetMethods(BindingFlags.Public | BindingFlags.Static))
            foreach (var value in Values)
                Console.WriteLine(method.Name + " <- " + (value ?? "null") + ": " + Outcome(() => method.Invoke(null, new[] { value })));
        foreach (var field in typeof(Takes).GetFields())
            foreach (var value in Values)
                Console.WriteLine(field.Name + " <- " + (value ?? "null") + ": " + Outcome(() => { field.SetValue(null, value); return field.GetValue(null); }));
        Delegates();
        Overrides();
        Loads();
    }
}
