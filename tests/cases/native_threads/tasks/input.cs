// Tasks, async methods and streams, timers, channels, cancellation, parallel loops.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

static class Program
{
    static async Task<int> Fib(int n) => n < 2 ? n : await Fib(n - 1) + await Task.Run(() => Fib(n - 2));

    static async IAsyncEnumerable<int> Numbers(int count)
    {
        for (int i = 0; i < count; i++) { await Task.Delay(1); yield return i; }
    }

    static async Task Main()
    {
        Console.WriteLine(await Fib(12));
        int sum = 0;
        await foreach (int number in Numbers(5)) sum += number;
        Console.WriteLine(sum);
        var flows = new AsyncLocal<string> { Value = "flows" };
        Console.WriteLine(await Task.Run(async () => { await Task.Yield(); return flows.Value; }));
        using var cancel = new CancellationTokenSource(20);
        try { await Task.Delay(Timeout.Infinite, cancel.Token); } catch (TaskCanceledException e) { Console.WriteLine(e.Message); }
        var channel = Channel.CreateBounded<int>(4);
        _ = Task.Run(async () => { for (int i = 0; i < 100; i++) await channel.Writer.WriteAsync(i); channel.Writer.Complete(); });
        sum = 0;
        await foreach (int number in channel.Reader.ReadAllAsync()) sum += number;
        Console.WriteLine(sum);
        using (var periodic = new PeriodicTimer(TimeSpan.FromMilliseconds(2))) for (int i = 0; i < 3; i++) Console.WriteLine(await periodic.WaitForNextTickAsync());
        int fired = 0;
        using (new Timer(_ => Interlocked.Increment(ref fired), null, 0, 2)) Console.WriteLine(SpinWait.SpinUntil(() => Volatile.Read(ref fired) > 3, 5000));
        // Of two that fail the one that ends first stands first.
        var failing = Task.WhenAll(Task.Run(() => throw new InvalidOperationException("one")), Task.Run(() => throw new ArgumentException("two")));
        try { await failing; } catch (Exception e) when (e is InvalidOperationException or ArgumentException) { }
        Console.WriteLine(string.Join(" ", failing.Exception!.InnerExceptions.Select(each => each.Message).Order()));
        try { Parallel.ForEach(new[] { 1, 2 }, x => throw new FormatException()); }
        catch (AggregateException e) { Console.WriteLine(e.InnerExceptions.All(inner => inner is FormatException)); }
        Console.WriteLine(ParallelEnumerable.Range(0, 10000).Where(x => x % 3 == 0).Sum(x => (long)x));
        var counts = new ConcurrentDictionary<int, int>();
        Parallel.For(0, 5000, i => counts.AddOrUpdate(i % 50, 1, (_, count) => count + 1));
        Console.WriteLine(counts.Values.Sum());
        var gate = new SemaphoreSlim(2);
        int inside = 0, most = 0;
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            await gate.WaitAsync();
            int now = Interlocked.Increment(ref inside);
            lock (gate) most = Math.Max(most, now);
            await Task.Delay(2);
            Interlocked.Decrement(ref inside);
            gate.Release();
        }));
        Console.WriteLine(most);
    }
}
