// Events, semaphores and mutexes behind WaitHandle.
using System;
using System.Threading;

static class Program
{
    static void Main()
    {
        WaitHandle[] handles = { new AutoResetEvent(false), new ManualResetEvent(false), new Semaphore(0, 3) };
        var semaphore = (Semaphore)handles[2];
        new Thread(() => { Thread.Sleep(10); semaphore.Release(2); }).Start();
        Console.WriteLine(WaitHandle.WaitAny(handles));
        Console.WriteLine(WaitHandle.WaitAny(handles, 0));
        Console.WriteLine(WaitHandle.WaitAny(handles, 10) == WaitHandle.WaitTimeout);
        new Thread(() => { ((AutoResetEvent)handles[0]).Set(); Thread.Sleep(5); ((ManualResetEvent)handles[1]).Set(); semaphore.Release(); }).Start();
        Console.WriteLine(WaitHandle.WaitAll(handles, 5000));
        Console.WriteLine($"{handles[0].WaitOne(0)} {handles[1].WaitOne(0)} {semaphore.WaitOne(0)}");
        try { semaphore.Release(9); } catch (SemaphoreFullException e) { Console.WriteLine(e.Message); }
        Console.WriteLine(semaphore.Release(3));

        using var mutex = new Mutex(true);
        mutex.WaitOne();
        mutex.ReleaseMutex();
        mutex.ReleaseMutex();
        try { mutex.ReleaseMutex(); } catch (ApplicationException e) { Console.WriteLine(e.Message); }
        var owner = new Thread(() => mutex.WaitOne());
        owner.Start();
        owner.Join();
        try { mutex.WaitOne(); } catch (AbandonedMutexException) { Console.WriteLine("abandoned"); }

        using var there = new AutoResetEvent(false);
        using var back = new AutoResetEvent(false);
        new Thread(() => { there.WaitOne(); back.Set(); }).Start();
        Console.WriteLine(WaitHandle.SignalAndWait(there, back, 5000, false));
        try { there.Dispose(); there.WaitOne(); } catch (ObjectDisposedException e) { Console.WriteLine(e.Message); }

        int hits = 0;
        var registered = ThreadPool.RegisterWaitForSingleObject(back, (_, timedOut) => { if (!timedOut) Interlocked.Increment(ref hits); }, null, 10000, false);
        for (int i = 1; i <= 3; i++) { back.Set(); SpinWait.SpinUntil(() => Volatile.Read(ref hits) == i, 5000); }
        registered.Unregister(null);
        Console.WriteLine(hits);
    }
}
