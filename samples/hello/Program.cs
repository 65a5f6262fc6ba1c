Console.WriteLine("Hello from native .NET!");
