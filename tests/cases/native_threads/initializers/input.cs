// Type initializers of two threads that need each other must not deadlock (ECMA-335 II.10.5.3.3).
using System;
using System.Threading;

static class A { public static readonly int X; static A() { Thread.Sleep(50); X = B.Y + 1; } }
static class B { public static readonly int Y; static B() { Thread.Sleep(50); Y = A.X + 1; } }
static class Broken { public static readonly int Z; static Broken() => throw new InvalidOperationException("no"); }

static class Program
{
    static void Main()
    {
        var threads = new[] { new Thread(() => _ = A.X), new Thread(() => _ = B.Y) };
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) Console.WriteLine(thread.Join(10000));
        Console.WriteLine(A.X + B.Y is 3);
        for (int i = 0; i < 2; i++)
            try { Console.WriteLine(Broken.Z); }
            catch (TypeInitializationException e) { Console.WriteLine($"{e.TypeName} {e.InnerException.Message}"); }
    }
}
