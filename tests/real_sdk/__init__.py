"""aotd over the targets and the task assemblies of a real .NET SDK, beside what `dotnet` made of the same projects."""
