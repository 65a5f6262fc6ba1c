// What Thread tells of its life, and what it refuses.
using System;
using System.Threading;

static class Program
{
    [ThreadStatic] static string mine;

    static void Refused(Action action)
    {
        try { action(); Console.WriteLine("done"); }
        catch (Exception e) { Console.WriteLine($"{e.GetType().Name}: {e.Message}"); }
    }

    static void Main()
    {
        mine = "main";
        var leave = new ManualResetEventSlim();
        string seen = null;
        var thread = new Thread(argument => { seen = $"{argument} {mine ?? "none"} {Thread.CurrentThread.Name}"; mine = "its"; leave.Wait(); }, 256 * 1024)
        {
            IsBackground = true, Name = "wörker", Priority = ThreadPriority.AboveNormal,
        };
        Console.WriteLine($"{thread.ThreadState} {thread.IsAlive} {thread.IsThreadPoolThread} {thread.ManagedThreadId > 1}");
        Refused(() => thread.Join());
        thread.Start("argument");
        Console.WriteLine($"{thread.IsAlive} {thread.Priority} {thread.IsBackground} {thread.Join(0)}");
        while ((thread.ThreadState & ThreadState.WaitSleepJoin) == 0) Thread.Sleep(1);
        Console.WriteLine(thread.ThreadState);
        leave.Set();
        thread.Join();
        Console.WriteLine($"{thread.ThreadState} {thread.IsAlive} | {seen} | {mine}");
        Refused(() => thread.Start("again"));
        Refused(() => thread.IsBackground = false);
        Refused(() => Console.WriteLine(thread.Priority));
        Refused(() => new Thread(() => { }).Start("unwanted"));
        Console.WriteLine($"{Thread.CurrentThread.ThreadState} {Thread.CurrentThread.IsBackground} {Thread.CurrentThread.Name ?? "unnamed"}");
        Console.WriteLine(Thread.CurrentThread.ManagedThreadId == Environment.CurrentManagedThreadId);
    }
}
