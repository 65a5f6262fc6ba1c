using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

class Order
{
    [Required, StringLength(5, MinimumLength = 2)] public string Code { get; set; }
    [Range(1, 10)] public int Count { get; set; }
    [RegularExpression("^[a-z]+$", ErrorMessage = "lower case only: {0}")] public string Tag { get; set; }
    [EmailAddress] public string Mail { get; set; }
}
record Point(int X, int Y) { public string Label { get; init; } = "p"; }
class Ctx : IJsonTypeInfoResolver
{
    public JsonTypeInfo GetTypeInfo(Type type, JsonSerializerOptions options)
    {
        if (type == typeof(Point))
            return JsonMetadataServices.CreateObjectInfo(options, new JsonObjectInfoValues<Point>
            {
                ObjectWithParameterizedConstructorCreator = a => new Point((int)a[0], (int)a[1]),
                ConstructorParameterMetadataInitializer = () => new[] {
                    new JsonParameterInfoValues { Name = "X", ParameterType = typeof(int), Position = 0 },
                    new JsonParameterInfoValues { Name = "Y", ParameterType = typeof(int), Position = 1 } },
                PropertyMetadataInitializer = _ => new JsonPropertyInfo[] {
                    JsonMetadataServices.CreatePropertyInfo(options, new JsonPropertyInfoValues<int> { IsProperty = true, IsPublic = true, DeclaringType = typeof(Point), PropertyName = "X", Getter = o => ((Point)o).X }),
                    JsonMetadataServices.CreatePropertyInfo(options, new JsonPropertyInfoValues<int> { IsProperty = true, IsPublic = true, DeclaringType = typeof(Point), PropertyName = "Y", Getter = o => ((Point)o).Y }),
                    JsonMetadataServices.CreatePropertyInfo(options, new JsonPropertyInfoValues<string> { IsProperty = true, IsPublic = true, DeclaringType = typeof(Point), PropertyName = "Label", Getter = o => ((Point)o).Label }),
                },
            });
        if (type == typeof(int)) return JsonMetadataServices.CreateValueInfo<int>(options, JsonMetadataServices.Int32Converter);
        if (type == typeof(string)) return JsonMetadataServices.CreateValueInfo<string>(options, JsonMetadataServices.StringConverter);
        if (type == typeof(List<Point>)) return JsonMetadataServices.CreateListInfo<List<Point>, Point>(options, new JsonCollectionInfoValues<List<Point>> { ObjectCreator = () => new List<Point>() });
        return null;
    }
}
class Plugin { public string Run() => "ran"; private int hidden = 3; public event EventHandler Fired; public void Fire() => Fired?.Invoke(this, EventArgs.Empty); }
class Generic<T> { public T Value { get; set; } public static int Counter = 1; public string Show(T x) => typeof(T).Name + x; public U Conv<U>(T t) => (U)(object)t; }
static class Program
{
    [DynamicDependency(DynamicallyAccessedMemberTypes.All, typeof(Plugin))]
    static void Main()
    {
        var order = new Order { Code = "x", Count = 99, Tag = "ABC", Mail = "nope" };
        var results = new List<ValidationResult>();
        Console.WriteLine(Validator.TryValidateObject(order, new ValidationContext(order), results, true));
        foreach (var r in results.OrderBy(r => r.ErrorMessage)) Console.WriteLine(r.ErrorMessage);
        var options = new JsonSerializerOptions { TypeInfoResolver = new Ctx(), WriteIndented = false };
        var json = JsonSerializer.Serialize(new List<Point> { new(1, 2), new(3, 4) { Label = "é" } }, (JsonTypeInfo<List<Point>>)options.GetTypeInfo(typeof(List<Point>)));
        Console.WriteLine(json);
        var back = JsonSerializer.Deserialize("[{\"X\":5,\"Y\":6}]", (JsonTypeInfo<List<Point>>)options.GetTypeInfo(typeof(List<Point>)));
        Console.WriteLine(back[0]);
        object plugin = new Plugin();
        var t = plugin.GetType();
        Console.WriteLine(t.GetMethod("Run").Invoke(plugin, null));
        Console.WriteLine(t.GetField("hidden", BindingFlags.Instance | BindingFlags.NonPublic).GetValue(plugin));
        int fired = 0; t.GetEvent("Fired").AddEventHandler(plugin, new EventHandler((s, e) => fired++)); ((Plugin)plugin).Fire(); Console.WriteLine(fired);
        var gi = new Generic<int> { Value = 4 };
        Console.WriteLine(typeof(Generic<int>).GetProperty("Value").GetValue(gi) + " " + typeof(Generic<int>).GetMethod("Show").Invoke(gi, new object[] { 8 }));
        typeof(Generic<string>).GetField("Counter").SetValue(null, 7);
        Console.WriteLine(Generic<string>.Counter + " " + Generic<int>.Counter);
        var made = typeof(Generic<>).MakeGenericType(typeof(string));
        Console.WriteLine(made + " " + typeof(Generic<>) + " " + made.GetMethod("Show"));
        Console.WriteLine(typeof(Generic<int>).GetMethod("Conv").MakeGenericMethod(typeof(object)).Invoke(gi, new object[] { 12 }));
        foreach (var m in typeof(Generic<>).GetMethods(BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Public)) Console.WriteLine(m + " " + m.IsGenericMethodDefinition);
        foreach (PropertyDescriptor pd in TypeDescriptor.GetProperties(typeof(Order))) Console.WriteLine(pd.Name + pd.PropertyType);
        Console.WriteLine(typeof(Point).GetMethod("get_X").IsSpecialName + " " + typeof(Point).IsSealed + " " + typeof(Point).GetMethods().Length);
        foreach (var c in typeof(Point).GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)) Console.WriteLine(c);
        Console.WriteLine(typeof(Order).GetProperty("Code").GetCustomAttributesData()[0]);
        var method = typeof(Program).GetMethod("Opt", BindingFlags.Static | BindingFlags.NonPublic);
        foreach (var p in method.GetParameters()) Console.WriteLine(p.Name + " " + p.HasDefaultValue + " " + (p.DefaultValue ?? "null") + " " + p.IsOut + p.ParameterType);
        var args = new object[] { 1, null, null, 2.5m, 5 };
        Console.WriteLine(method.Invoke(null, args) + " " + args[1] + " " + args[4]);
        Console.WriteLine(method.Invoke(null, new object[] { 1, "q", Type.Missing, Type.Missing, 3 }));
        try { typeof(Program).GetMethod("Boom", BindingFlags.Static | BindingFlags.NonPublic).Invoke(null, null); } catch (TargetInvocationException e) { Console.WriteLine(e.InnerException.Message); }
        try { typeof(Program).GetMethod("Boom", BindingFlags.Static | BindingFlags.NonPublic).Invoke(null, BindingFlags.DoNotWrapExceptions, null, null, null); } catch (InvalidOperationException e) { Console.WriteLine(e.Message); }
        Console.WriteLine(typeof(IFormattable).IsAssignableFrom(typeof(int)) + " " + typeof(int).GetInterfaces().Contains(typeof(IComparable)) + typeof(Order).BaseType);
        Console.WriteLine(typeof(int[]).GetElementType() + " " + typeof(string).MakeArrayType() + " " + typeof(Order).Assembly.FullName);
        Console.WriteLine(typeof(Ref).GetMethod("R").Invoke(new Ref(), null) + " " + typeof(Ref).GetMethod("R").ReturnType);
        Console.WriteLine(typeof(Ref).GetProperty("Item").GetValue(new Ref(), new object[] { 3 }) + " " + typeof(Ref).GetProperty("Item").GetIndexParameters()[0]);
        Console.WriteLine(string.Join(" ", typeof(Ref).GetMembers(BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Public).Select(m => m.MemberType + ":" + m.Name)));
        Console.WriteLine(typeof(Ref).InvokeMember("Sum", BindingFlags.InvokeMethod, null, new Ref(), new object[] { 1, 2 }));
    }
    static string Opt(int a, out string b, string c = "dflt", decimal d = 1.5m, in int e = 3) { b = "out" + a; return a + c + d + e; }
    static void Boom() => throw new InvalidOperationException("boom");
}
class Ref { int x = 5; public ref int R() => ref x; public string this[int i] => "i" + i; public int Sum(int a, int b) => a + b; public int Sum(string s) => 0; public class Inner { } public const string K = "k"; }
