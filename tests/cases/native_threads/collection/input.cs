// Collections while many threads allocate: objects of stacks, thread statics, locals of async methods and shared queues stay alive.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

static class Program
{
    class Node
    {
        public Node Left, Right;

        public static Node Make(int depth) => depth == 0 ? new Node() : new Node { Left = Make(depth - 1), Right = Make(depth - 1) };

        public int Count() => 1 + (Left?.Count() ?? 0) + (Right?.Count() ?? 0);
    }

    [ThreadStatic] static Node mine;
    [ThreadStatic] static List<string> log;
    static readonly ConcurrentQueue<Node> handed = new();

    static int Work(int seed, int rounds)
    {
        mine = Node.Make(6);
        log = new();
        int wrong = 0;
        var table = new Dictionary<string, int[]>();
        for (int i = 0; i < rounds; i++)
        {
            string key = $"{seed}-{i}";
            log.Add(key);
            table[key] = new int[i % 50 + 1];
            table[key][0] = i;
            if (i % 7 == 0) handed.Enqueue(Node.Make(5));
            if (handed.Count > 50 && handed.TryDequeue(out var other) && other.Count() != 63) wrong++;
            if (i % 31 == 0) lock (handed) if (mine.Count() != 127) wrong++;
            if (i % 101 == 0) Thread.Yield();
        }
        for (int i = 0; i < rounds; i++)
            if (table[$"{seed}-{i}"][0] != i || log[i] != $"{seed}-{i}") wrong++;
        return mine.Count() == 127 ? wrong : wrong + 1;
    }

    static async Task<int> Deep(int depth)
    {
        if (depth == 0) return 0;
        await Task.Yield();
        var kept = new byte[depth * 10];
        return await Deep(depth - 1) + kept.Length / (depth * 10);
    }

    static void Main()
    {
        var wrong = new int[8];
        var threads = Enumerable.Range(0, wrong.Length).Select(i => new Thread(() => wrong[i] = Work(i, 600))).ToList();
        threads.ForEach(thread => thread.Start());
        var tasks = Enumerable.Range(0, 8).Select(_ => Task.Run(() => Deep(100))).ToList();
        Console.WriteLine(string.Join(" ", tasks.Select(task => task.Result)));
        threads.ForEach(thread => thread.Join());
        Console.WriteLine(string.Join(" ", wrong));
        int lost = 0;
        for (int round = 0; round < 3; round++)
        {
            var brief = Enumerable.Range(0, 50).Select(_ => new Thread(() => { mine = Node.Make(4); if (mine.Count() != 31) Interlocked.Increment(ref lost); })).ToList();
            brief.ForEach(thread => thread.Start());
            brief.ForEach(thread => thread.Join());
        }
        Console.WriteLine(lost);
    }
}
