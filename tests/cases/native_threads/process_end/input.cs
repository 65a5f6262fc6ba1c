// Foreground threads keep the process alive, background ones do not; a signal's handler runs on a thread of the runtime.
using System;
using System.Runtime.InteropServices;
using System.Threading;

static class Program
{
    [DllImport("libc")] static extern int kill(int process, int signal);

    static int Main()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine("exit");
        using (var handled = new ManualResetEventSlim())
        using (PosixSignalRegistration.Create(PosixSignal.SIGCONT, context => { _ = new byte[100000]; GC.Collect(); Console.WriteLine(context.Signal); handled.Set(); }))
        {
            kill(Environment.ProcessId, 18);
            Console.WriteLine(handled.Wait(5000));
        }
        new Thread(() => { Thread.Sleep(40); Console.WriteLine("foreground ends"); }).Start();
        new Thread(() => { Thread.Sleep(100000); Console.WriteLine("never"); }) { IsBackground = true }.Start();
        ThreadPool.QueueUserWorkItem(_ => Thread.Sleep(100000));
        Console.WriteLine("main ends");
        return 5;
    }
}
