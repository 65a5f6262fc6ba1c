// An exception that no handler of a thread takes ends the process, whatever other threads do.
using System;
using System.Threading;

static class Program
{
    static void Main()
    {
        AppDomain.CurrentDomain.UnhandledException += (sender, e) => Console.WriteLine($"{sender == null} {e.IsTerminating} {((Exception)e.ExceptionObject).Message}");
        new Thread(() => { try { throw new InvalidOperationException("in thread"); } finally { Console.Out.Flush(); } }).Start();
        Thread.Sleep(100000);
    }
}
