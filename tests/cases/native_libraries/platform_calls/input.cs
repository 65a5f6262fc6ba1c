using System;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

unsafe
{
    Console.WriteLine(C.strlen("grüße"));
    Console.WriteLine(C.strlen_null(null) == 0);
    Console.WriteLine(C.getenv("NOT_THERE") is null);
    Console.WriteLine(C.setenv("AOTD_TEST", "wert ü", true));
    Console.WriteLine(C.strdup("zurück"));
    Console.WriteLine(C.div(17, 5));
    Console.WriteLine(C.ldiv(170000000000, 7));
    Console.WriteLine(C.cabs(new Complex { Re = 3, Im = 4 }));
    Console.WriteLine(C.conjf(new ComplexF { Re = 1, Im = 2 }));
    var numbers = new[] { 5, 3, 9, 1 };
    C.qsort(numbers, 4, 4, &Compare);
    Console.WriteLine(string.Join(",", numbers));
    var name = new StringBuilder(64);
    Console.WriteLine(C.gethostname(name, 64) == 0 && name.Length > 0);
    Console.WriteLine(C.open("/nowhere/at/all", 0) + " " + Marshal.GetLastPInvokeError());
    using (var handle = C.openHandle("/dev/null", 1))
    {
        Console.WriteLine(handle.IsInvalid);
        Console.WriteLine(C.write(handle, new byte[3], 3));
    }
    long time = 86400 * 365L;
    C.gmtime_r(ref time, out var tm);
    Console.WriteLine($"{tm.Year} {tm.Month} {tm.Day} {C.timegm(ref tm)}");
    var text = new byte[64];
    Console.WriteLine(Encoding.UTF8.GetString(text, 0, (int)C.strftime(text, 64, "%Y-%m-%d", in tm)));
    var buffer = new StringBuilder(32);
    Console.WriteLine(C.snprintf(buffer, 32, "plain"));
    Console.WriteLine(buffer);
    Console.WriteLine(C.isalpha('x') != 0);
    Console.WriteLine(C.execNothing("/nowhere", new[] { "a", "b", null }));
    try { C.missing(); } catch (EntryPointNotFoundException e) { Console.WriteLine(e.Message); }
    try { C.nolib(); } catch (DllNotFoundException e) { Console.WriteLine(e.Message.Split('\n')[0].Length > 20); }
    Console.WriteLine(C.big(new Big { A = 1, B = 2, C = 3 }, 0) == 0);
    Console.WriteLine(C.toupper('a') + " " + (int)C.toupperByte('ü'));
    Console.WriteLine(C.getcwd(null, 0) != IntPtr.Zero);
    try { C.write(null!, new byte[1], 1); } catch (ArgumentNullException e) { Console.WriteLine(e.Message); }
    var flag = false;
    C.setFlag(ref flag, 1, 1);
    Console.WriteLine(flag);
    Console.WriteLine(C.compareWide("weit ü", Encoding.Unicode.GetBytes("weit ü"), 12));
    Console.WriteLine(C.bits(new Mixed { F = 1.5f, I = 7 }));
    var date = new Tm2();
    C.gmtime_c(ref time, date);
    Console.WriteLine(date.Year);
}

[UnmanagedCallersOnly]
static unsafe int Compare(void* a, void* b) => *(int*)a - *(int*)b;

record struct DivT(int Quot, int Rem);
record struct LDivT(long Quot, long Rem);
struct Complex { public double Re, Im; }
record struct ComplexF { public float Re { get; set; } public float Im { get; set; } }
struct Mixed { public float F; public int I; }
struct Big { public long A, B, C; }
struct Tm { public int Sec, Min, Hour, Day, Month, Year, WDay, YDay, Dst; public long Off; public IntPtr Zone; }
[StructLayout(LayoutKind.Sequential)]
class Tm2 { public int Sec, Min, Hour, Day, Month, Year, WDay, YDay, Dst; public long Off; public IntPtr Zone; }

static unsafe partial class C
{
    [DllImport("libc")] public static extern nuint strlen(string text);
    [DllImport("libc", EntryPoint = "labs")] public static extern long strlen_null(string text);
    [DllImport("libc")] [return: MarshalAs(UnmanagedType.LPUTF8Str)] public static extern string strdup([MarshalAs(UnmanagedType.LPUTF8Str)] string text);
    [DllImport("libc")] public static extern string getenv(string name);
    [DllImport("libc")] public static extern int setenv(string name, string value, bool overwrite);
    [DllImport("libc")] public static extern DivT div(int a, int b);
    [DllImport("libc")] public static extern LDivT ldiv(long a, long b);
    [DllImport("libm.so.6")] public static extern double cabs(Complex c);
    [DllImport("libm.so.6")] public static extern ComplexF conjf(ComplexF c);
    [DllImport("libc")] public static extern void qsort(int[] a, nuint n, nuint size, delegate* unmanaged<void*, void*, int> compare);
    [DllImport("libc", SetLastError = true)] public static extern int gethostname(StringBuilder name, nuint size);
    [DllImport("libc", SetLastError = true)] public static extern int open(string path, int flags);
    [DllImport("libc", SetLastError = true, EntryPoint = "open")] public static extern SafeFileHandle openHandle(string path, int flags);
    [DllImport("libc")] public static extern nint write(SafeFileHandle handle, byte[] data, nint size);
    [DllImport("libc")] public static extern IntPtr gmtime_r(ref long time, out Tm tm);
    [DllImport("libc", EntryPoint = "gmtime_r")] public static extern IntPtr gmtime_c(ref long time, [Out] Tm2 tm);
    [DllImport("libc")] public static extern long timegm(ref Tm tm);
    [DllImport("libc")] public static extern nuint strftime(byte[] text, nuint size, string format, in Tm tm);
    [DllImport("libc")] public static extern int snprintf(StringBuilder text, nuint size, string format);
    [DllImport("libc")] public static extern int isalpha(int c);
    [DllImport("libc", EntryPoint = "execv")] public static extern int execNothing(string path, string[] arguments);
    [DllImport("libc")] public static extern char toupper(char c);
    [DllImport("libc", EntryPoint = "toupper")] public static extern byte toupperByte(char c);
    [DllImport("libc")] public static extern IntPtr getcwd(StringBuilder? text, nuint size);
    [DllImport("libc", EntryPoint = "memset")] public static extern IntPtr setFlag(ref bool flag, int value, nuint size);
    [DllImport("libc", EntryPoint = "memcmp", CharSet = CharSet.Unicode)] public static extern int compareWide(string text, byte[] other, nuint size);
    [DllImport("libc", EntryPoint = "abs")] public static extern int bits(Mixed value);
    [DllImport("libc", EntryPoint = "no_such_function_here")] public static extern void missing();
    [DllImport("nosuchlibrary")] public static extern void nolib();
    [DllImport("libc", EntryPoint = "abs")] public static extern int big(Big value, int x);
}
