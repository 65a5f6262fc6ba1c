// Thread.Interrupt ends each kind of waiting, and the next one when the thread does not wait.
using System;
using System.Threading;

static class Program
{
    static void Try(string what, Action wait)
    {
        string how = "not interrupted";
        var thread = new Thread(() => { try { wait(); } catch (ThreadInterruptedException e) { how = e.Message; } });
        thread.Start();
        Thread.Sleep(20);
        thread.Interrupt();
        Console.WriteLine($"{what}: {thread.Join(5000)} {how}");
    }

    static void Main()
    {
        var gate = new object();
        var forever = new Thread(() => Thread.Sleep(Timeout.Infinite)) { IsBackground = true };
        forever.Start();
        using var never = new ManualResetEvent(false);
        using var slim = new SemaphoreSlim(0);
        Try("sleep", () => Thread.Sleep(Timeout.Infinite));
        Try("wait", () => { lock (gate) Monitor.Wait(gate); });
        Try("handle", () => never.WaitOne());
        Try("any", () => WaitHandle.WaitAny(new WaitHandle[] { never, new AutoResetEvent(false) }));
        Try("join", () => forever.Join());
        Try("slim", () => slim.Wait());
        lock (gate) Try("enter", () => { lock (gate) { } });
        Thread.CurrentThread.Interrupt();
        try { Thread.Sleep(0); } catch (ThreadInterruptedException) { Console.WriteLine("self"); }
    }
}
