// What the build's analyzers follow in source and IL does not show: ways through a body, expression trees, patterns, conditional calls.
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;

Console.WriteLine(Ways.Iterator().GetHashCode());

static class Api
{
    [RequiresUnreferencedCode("trim")]
    public static int Trim() => 1;

    [RequiresDynamicCode("aot")]
    public static int Aot() => 1;

    public static void Methods([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods)] Type? t) => GC.KeepAlive(t);

    public static Type Plain() => typeof(string);

    [Conditional("NEVER")]
    public static void Log(object o) => GC.KeepAlive(o);
}

static class Ways
{
    public static IEnumerable<int> Iterator()
    {
        yield return 0;
        Api.Trim();                                     // IL2026
    }

    public static void Replaced(bool b)
    {
        Type t = typeof(int);
        if (b)
            t = Api.Plain();
        t = typeof(int);
        Api.Methods(t);
    }

    public static void Caught()
    {
        Type? t = null;
        try
        {
            t = Api.Plain();
            t = typeof(int);
        }
        catch (InvalidOperationException)
        {
            Api.Methods(t);                             // IL2072
        }
        finally
        {
            Api.Methods(t);                             // IL2072
        }
        Api.Methods(t);                                 // IL2072
    }

    public static void Looped(int n)
    {
        Type t = typeof(int);
        while (n-- > 0)
        {
            Api.Methods(t);                             // IL2072
            t = Api.Plain();
        }
    }

    public static Expression<Func<Type, object>> Tree() => t => t.GetMethods();   // IL2070

    public static void Skipped() => Api.Log(Api.Trim());   // IL2026

    public static void Matched(object o)
    {
        if (o is Type t)
            Api.Methods(t);
        if (false)
            Api.Trim();
    }

    public static void Guarded()
    {
        if (!System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported)
            throw new NotSupportedException();
        Api.Aot();
        Func<int> later = () => Api.Aot();              // IL3050
        GC.KeepAlive(later);
    }

    public static void Shared(bool b)
    {
        Type t = typeof(int);
        void Inner() => Api.Methods(t);                 // IL2072
        if (b)
            t = Api.Plain();
        Inner();
    }

    public static void Chosen(bool b, Type plain)
    {
        Api.Methods(b ? typeof(int) : plain);           // IL2067
        Api.Methods((b ? null : plain) ?? typeof(int)); // IL2067
    }

    public static void Named((Type First, int Second) pair) => Api.Methods(pair.First);   // IL2077

    public static void Shaped() => Api.Methods(new { Kind = Api.Plain() }.Kind);   // IL2072

    public static Action<T> Local<T>()
    {
        return Inner<T>;

        static void Inner<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods)] U>(U u) => Api.Methods(typeof(U));   // IL2091 above
    }
}
