// Reaches what the class library asks of libSystem.Native and the corpus of programs does not: prints nothing that differs from run to run.
using System.Diagnostics;
using System.Formats.Tar;
using System.IO.MemoryMappedFiles;
using System.IO.Pipes;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

static void Say(string what, params object?[] values) => Console.WriteLine($"{what}: {string.Join(" | ", values)}");

static void Section(string name, Action body)
{
    try { body(); Say(name, "done"); }
    catch (Exception e) { Say(name, e.GetType().Name, e.Message); }
}

Section("anonymous pipe", () =>
{
    using var server = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.Inheritable);
    using var client = new AnonymousPipeClientStream(PipeDirection.In, server.GetClientHandleAsString());
    server.Write("through the pipe"u8);
    byte[] buffer = new byte[64];
    Say("read", Encoding.UTF8.GetString(buffer, 0, client.Read(buffer)), server.OutBufferSize);
    server.Dispose();
    Say("end", client.Read(buffer));
});

Section("named pipe", () =>
{
    string name = $"aotd-{Environment.ProcessId}";
    using var server = new NamedPipeServerStream(name, PipeDirection.InOut, 2, PipeTransmissionMode.Byte, PipeOptions.Asynchronous);
    Task accept = server.WaitForConnectionAsync();
    using var client = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
    client.Connect(5000);
    accept.Wait();
    Say("user", server.GetImpersonationUserName() == Environment.UserName, server.IsConnected);
    using var writer = new StreamWriter(client) { AutoFlush = true };
    writer.WriteLine("named");
    Say("line", new StreamReader(server).ReadLine());
    server.RunAsClient(() => Say("as client", Environment.UserName == Environment.UserName));
});

Section("memory-mapped file", () =>
{
    File.WriteAllText("mapped", new string('m', 5000));
    using (var map = MemoryMappedFile.CreateFromFile("mapped", FileMode.Open, null, 8192))
    using (var view = map.CreateViewAccessor(4096, 4096))
    {
        view.Write(10, 0x0102030405060708L);
        view.Flush();
        Say("view", view.Capacity, view.ReadByte(0), view.ReadByte(10));
    }
    Say("file", new FileInfo("mapped").Length, File.ReadAllBytes("mapped")[4106]);
    using var anonymous = MemoryMappedFile.CreateNew(null, 100_000, MemoryMappedFileAccess.ReadWrite);
    using var stream = anonymous.CreateViewStream();
    stream.Write(new byte[70_000]);
    Say("anonymous", stream.Position);
    using var copyOnWrite = MemoryMappedFile.CreateFromFile("mapped", FileMode.Open, null, 0, MemoryMappedFileAccess.CopyOnWrite);
    using var own = copyOnWrite.CreateViewAccessor(0, 10, MemoryMappedFileAccess.CopyOnWrite);
    own.Write(0, (byte)'X');
    Say("copy on write", File.ReadAllBytes("mapped")[0]);
});

Section("signals", () =>
{
    using var got = new CountdownEvent(2);
    var order = new List<string>();
    using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => { context.Cancel = true; lock (order) order.Add($"{context.Signal}"); got.Signal(); });
    using var window = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, context => { lock (order) order.Add($"{context.Signal}"); got.Signal(); });
    using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context => context.Cancel = true);
    Process.Start("kill", $"-HUP {Environment.ProcessId}").WaitForExit();
    Process.Start("kill", $"-WINCH {Environment.ProcessId}").WaitForExit();
    Process.Start("kill", $"-QUIT {Environment.ProcessId}").WaitForExit();
    got.Wait(10_000);
    order.Sort();
    Say("received", [.. order]);
});

Section("processes", () =>
{
    var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
    start.ArgumentList.Add("-c");
    start.ArgumentList.Add("read a b; echo \"$b $a $PWD $VARIABLE\"; echo error >&2; exit 42");
    start.Environment["VARIABLE"] = "ümläut";
    using var process = Process.Start(start)!;
    process.StandardInput.WriteLine("first second");
    Say("output", process.StandardOutput.ReadToEnd().Trim(), process.StandardError.ReadToEnd().Trim());
    process.WaitForExit();
    Say("exit", process.ExitCode, process.HasExited);
    using var sleeper = Process.Start("/bin/sleep", "100");
    Say("sleeper", sleeper.ProcessName, sleeper.HasExited, sleeper.WaitForExit(50), sleeper.PriorityClass);
    sleeper.PriorityClass = ProcessPriorityClass.BelowNormal;
    Say("priority", sleeper.PriorityClass, sleeper.BasePriority, sleeper.ProcessorAffinity == Process.GetCurrentProcess().ProcessorAffinity);
    sleeper.Kill(entireProcessTree: true);
    sleeper.WaitForExit();
    Say("killed", sleeper.ExitCode);
    using var me = Process.GetCurrentProcess();
    Say("me", me.Id == Environment.ProcessId, me.Threads.Count > 0, me.StartTime < DateTime.Now, me.TotalProcessorTime > TimeSpan.Zero, me.WorkingSet64 > 0);
    Process.Start("/no/such/program");
});

Section("links and attributes", () =>
{
    File.WriteAllText("target", "text");
    File.CreateSymbolicLink("soft", "target");
    Directory.CreateDirectory("folder");
    Directory.CreateSymbolicLink("softfolder", "folder");
    Say("soft", new FileInfo("soft").LinkTarget, File.ResolveLinkTarget("soft", true)!.Name, File.GetAttributes("soft"), File.GetAttributes("softfolder"));
    File.SetAttributes("target", FileAttributes.ReadOnly);
    Say("read-only", File.GetAttributes("target"), File.GetUnixFileMode("target"));
    File.SetUnixFileMode("target", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupExecute);
    Say("mode", File.GetUnixFileMode("target"), new DirectoryInfo("folder").UnixFileMode);
    var time = new DateTime(2001, 2, 3, 4, 5, 6, 789, DateTimeKind.Utc);
    File.SetLastWriteTimeUtc("target", time);
    File.SetLastAccessTimeUtc("target", time.AddDays(1));
    File.SetCreationTimeUtc("target", time.AddDays(-1));
    Say("times", File.GetLastWriteTimeUtc("target").Ticks, File.GetLastAccessTimeUtc("target").Ticks);
    File.Copy("target", "copy");
    Say("copy", File.ReadAllText("copy"), File.GetUnixFileMode("copy"), File.GetLastWriteTimeUtc("copy").Ticks == File.GetLastWriteTimeUtc("target").Ticks);
    File.Move("copy", "folder/moved");
    File.Replace("folder/moved", "target", "backup");
    Directory.Move("folder", "renamed");
    Say("tree", [.. Directory.EnumerateFileSystemEntries(".", "*", SearchOption.AllDirectories).Order()]);
    Directory.Delete("renamed", true);
    Say("temporary", Path.GetTempFileName().StartsWith(Path.GetTempPath()), Directory.CreateTempSubdirectory("aotd").Exists);
    File.Delete("softfolder/none");
});

Section("locks and handles", () =>
{
    using var first = new FileStream("locked", FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite, 0, FileOptions.WriteThrough);
    first.SetLength(100);
    first.Lock(10, 20);
    first.Unlock(10, 20);
    first.Position = 50;
    first.Write("at fifty"u8);
    first.Flush(true);
    byte[] a = new byte[4], b = new byte[4];
    Say("scatter", RandomAccess.Read(first.SafeFileHandle, [a, b], 50), Encoding.ASCII.GetString(a) + Encoding.ASCII.GetString(b), RandomAccess.GetLength(first.SafeFileHandle));
    RandomAccess.Write(first.SafeFileHandle, [new byte[] { 65, 66 }, new byte[] { 67 }], 0);
    RandomAccess.SetLength(first.SafeFileHandle, 3);
    using var shared = new FileStream("exclusive", new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, PreallocationSize = 4096 });
    Say("exclusive", new FileInfo("locked").Length, new FileInfo("exclusive").Length);
    using var refused = new FileStream("exclusive", FileMode.Open, FileAccess.Read, FileShare.None);
});

Section("tar", () =>
{
    Directory.CreateDirectory("packed");
    File.WriteAllText("packed/one", "1");
    File.CreateSymbolicLink("packed/two", "one");
    Process.Start("mkfifo", "packed/fifo").WaitForExit();
    TarFile.CreateFromDirectory("packed", "packed.tar", true);
    using (var reader = new TarReader(File.OpenRead("packed.tar")))
        while (reader.GetNextEntry() is { } entry)
            Say("entry", entry.Name, entry.EntryType, entry.Mode, entry.Uid, entry is PosixTarEntry posix ? posix.UserName + posix.GroupName : "");
    Directory.CreateDirectory("unpacked");
    TarFile.ExtractToDirectory("packed.tar", "unpacked", false);
    Say("unpacked", [.. Directory.GetFileSystemEntries("unpacked/packed").Order()]);
});

Section("drives", () =>
{
    var root = new DriveInfo("/");
    Say("root", root.Name, root.IsReady, root.DriveType, root.DriveFormat, root.TotalSize > root.AvailableFreeSpace, root.VolumeLabel);
    Say("proc", new DriveInfo("/proc").DriveType, new DriveInfo("/proc").DriveFormat, new DriveInfo("/none").IsReady);
    Say("all", [.. DriveInfo.GetDrives().Select(drive => drive.Name).Order()]);
});

Section("network", () =>
{
    foreach (NetworkInterface nic in NetworkInterface.GetAllNetworkInterfaces())
    {
        IPInterfaceProperties properties = nic.GetIPProperties();
        Say("interface", nic.Name, nic.NetworkInterfaceType, nic.OperationalStatus, nic.SupportsMulticast, nic.GetPhysicalAddress());
        Say("addresses", [.. properties.UnicastAddresses.Select(address => $"{address.Address}/{address.PrefixLength}")]);
    }
    Say("available", NetworkInterface.GetIsNetworkAvailable(), NetworkInterface.LoopbackInterfaceIndex);
    Say("localhost", [.. Dns.GetHostAddresses("localhost").Select(address => address.ToString()).Order()]);
    Say("own", Dns.GetHostName() == Environment.MachineName, Dns.GetHostEntry(Dns.GetHostName()).AddressList.Length > 0);
    using var listener = new TcpListener(IPAddress.Loopback, 0);
    listener.Start();
    Say("listening", IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(end => end.Port == ((IPEndPoint)listener.LocalEndpoint).Port));
    Dns.GetHostEntry("no.such.name.invalid");
});

Section("datagrams", () =>
{
    using var receiver = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { DualMode = true };
    receiver.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
    receiver.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.PacketInformation, true);
    using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { DontFragment = true, Ttl = 7 };
    sender.SendTo("datagram"u8, new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)receiver.LocalEndPoint!).Port));
    byte[] buffer = new byte[64];
    SocketFlags flags = SocketFlags.None;
    EndPoint from = new IPEndPoint(IPAddress.IPv6Any, 0);
    int count = receiver.ReceiveMessageFrom(buffer, 0, 64, ref flags, ref from, out IPPacketInformation packet);
    Say("received", count, flags, packet.Address, packet.Interface, ((IPEndPoint)from).Address, sender.DontFragment, sender.Ttl);
    using var group = new UdpClient(AddressFamily.InterNetwork);
    group.JoinMulticastGroup(IPAddress.Parse("239.1.2.3"), IPAddress.Loopback);
    group.DropMulticastGroup(IPAddress.Parse("239.1.2.3"));
    group.Client.ReceiveTimeout = 20;
    group.Client.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    IPEndPoint nobody = new(IPAddress.Any, 0);
    group.Receive(ref nobody);
});

Section("streams of sockets", () =>
{
    string path = Path.GetFullPath("socket");
    using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    listener.Bind(new UnixDomainSocketEndPoint(path));
    listener.Listen(1);
    using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    client.Connect(new UnixDomainSocketEndPoint(path));
    using Socket server = listener.Accept();
    client.SendFile("mapped");
    byte[] buffer = new byte[10_000];
    int total = 0;
    while (total < 8192)
        total += server.Receive([new ArraySegment<byte>(buffer, total, 100), new ArraySegment<byte>(buffer, total + 100, buffer.Length - total - 100)]);
    Say("file", total, server.Available, server.Poll(0, SelectMode.SelectRead), server.Poll(0, SelectMode.SelectWrite), client.Connected);
    var readable = new List<Socket> { server, listener };
    Socket.Select(readable, null, null, 1000);
    client.Shutdown(SocketShutdown.Send);
    Say("select", readable.Count, server.ReceiveAsync(buffer).Result);
    using var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(true, 3), ReceiveBufferSize = 20_000 };
    tcp.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 77);
    Say("options", tcp.NoDelay, tcp.LingerState!.LingerTime, tcp.ReceiveBufferSize, tcp.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime), tcp.ExclusiveAddressUse);
    tcp.ConnectAsync(IPAddress.Loopback, 1).Wait();
});

Section("ping", () => Say("loopback", new Ping().Send(IPAddress.Loopback, 2000).Status));

Section("environment", () =>
{
    Say("os", Environment.OSVersion.Platform, RuntimeInformation.OSArchitecture, RuntimeInformation.OSDescription == RuntimeInformation.OSDescription);
    Say("user", Environment.UserName, Environment.IsPrivilegedProcess, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), Environment.UserDomainName == Environment.MachineName);
    Say("program", Path.IsPathRooted(Environment.ProcessPath), Environment.SystemPageSize, Environment.TickCount64 > 0, Stopwatch.Frequency);
    Say("console", Console.IsInputRedirected, Console.IsOutputRedirected, Console.In.ReadToEnd().Trim(), Console.KeyAvailable);
});
