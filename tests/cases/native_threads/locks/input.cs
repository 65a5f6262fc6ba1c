// Monitors and the locks of System.Threading under contention.
using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

static class Program
{
    static int counter;

    static void Count(string what, Action<Action> guarded)
    {
        counter = 0;
        var threads = Enumerable.Range(0, 6).Select(_ => new Thread(() => { for (int i = 0; i < 3000; i++) guarded(() => counter++); })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Console.WriteLine($"{what} {counter}");
    }

    static void Main()
    {
        var gate = new object();
        var modern = new Lock();
        var slim = new SemaphoreSlim(1);
        var readers = new ReaderWriterLockSlim();
        var spin = new SpinLock();
        using var mutex = new Mutex();
        Count("monitor", action => { lock (gate) action(); });
        Count("recursive", action => { lock (gate) lock (gate) action(); });
        Count("lock", action => { using (modern.EnterScope()) action(); });
        Count("semaphore", action => { slim.Wait(); try { action(); } finally { slim.Release(); } });
        Count("readers", action => { readers.EnterReadLock(); readers.ExitReadLock(); readers.EnterWriteLock(); try { action(); } finally { readers.ExitWriteLock(); } });
        Count("mutex", action => { mutex.WaitOne(); action(); mutex.ReleaseMutex(); });
        Count("spin", action => { bool taken = false; spin.Enter(ref taken); action(); spin.Exit(); });
        lock (gate) Task.Run(() => Console.WriteLine(Monitor.TryEnter(gate, 10))).Wait();
        try { Monitor.Exit(gate); } catch (SynchronizationLockException e) { Console.WriteLine(e.Message); }

        using var barrier = new Barrier(4);
        Task.WaitAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() => { for (int i = 0; i < 10; i++) barrier.SignalAndWait(); }, TaskCreationOptions.LongRunning)).ToArray());
        Console.WriteLine(barrier.CurrentPhaseNumber);
        int turn = 0;
        var pong = new Thread(() => { for (int i = 0; i < 100; i++) lock (gate) { while (turn == 0) Monitor.Wait(gate); turn = 0; Monitor.PulseAll(gate); } });
        pong.Start();
        for (int i = 0; i < 100; i++) lock (gate) { while (turn == 1) Monitor.Wait(gate); turn = 1; Monitor.Pulse(gate); }
        Console.WriteLine(pong.Join(5000));
        using var values = new ThreadLocal<int>(() => Environment.CurrentManagedThreadId, true);
        var owners = Enumerable.Range(0, 5).Select(_ => new Thread(() => _ = values.Value)).ToList();
        owners.ForEach(thread => thread.Start());
        owners.ForEach(thread => thread.Join());
        Console.WriteLine(values.Values.Distinct().Count());
    }
}
