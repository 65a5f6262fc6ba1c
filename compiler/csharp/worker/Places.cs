// A project's compilation -> where its declarations and operations stand in the source.
// A row is [key, file, line, column, end line, end column, depth]: key is a documentation id (`M:N.C.Get(System.Int32)`),
// `L:` and the name for a local function, `lambda`, `=` before the id of what is stored to, `=*` for any assignment, `return` for a returned value, `dynamic` for an
// operation that is bound at run time, `@owner@constructor` (`=name` behind it for an argument) for an attribute, `!owner!rule` for a
// SuppressMessage attribute, `?` with a parameter's index and `foreach` or `pattern` for what a local is that a call gets, `<` before the id of a generic method where its name with type arguments stands, or `~` before the id of the field or property that an initializer belongs to.
// Among the declarations `^` before the id of what can have attributes is its syntax behind the attribute lists, `[` (with `return: ` behind it, or another target)
// the arguments of its DynamicallyAccessedMembers attribute; an operation `;` is a
// statement that is an expression alone.
// `file` is an index into `paths`; `depth` counts the lambdas and local functions around the place. Lines and columns count from 1.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using Microsoft.CodeAnalysis.Text;

namespace Aotd.Worker;

internal static class Places
{
    public static void Write(CSharpCompilation compilation, IReadOnlyCollection<string>? wanted, Utf8JsonWriter json, CancellationToken cancellation)
    {
        SyntaxTree[] trees = compilation.SyntaxTrees.Where(tree => wanted is null || wanted.Contains(tree.FilePath)).ToArray();
        var readers = new TreeReader[trees.Length];
        var bodies = new BodyReader[trees.Length];
        Parallel.For(0, trees.Length, new ParallelOptions { CancellationToken = cancellation }, index =>
        {
            SemanticModel model = compilation.GetSemanticModel(trees[index]);
            readers[index] = new TreeReader(model, cancellation);
            readers[index].Read();
            bodies[index] = new BodyReader(model, cancellation);
            bodies[index].Read();
        });
        json.WriteStartArray("paths");
        foreach (SyntaxTree tree in trees)
            json.WriteStringValue(tree.FilePath);
        json.WriteEndArray();
        WriteRows(json, "declarations", readers, reader => reader.Declarations);
        WriteRows(json, "operations", readers, reader => reader.Operations);
        json.WriteStartArray("bodies");
        foreach (BodyReader reader in bodies)
            reader.Write(json);
        json.WriteEndArray();
    }

    private static void WriteRows(Utf8JsonWriter json, string name, TreeReader[] readers, Func<TreeReader, List<Place>> rows)
    {
        json.WriteStartArray(name);
        for (int file = 0; file < readers.Length; file++)
        {
            foreach (Place place in rows(readers[file]))
                place.Write(json, file);
        }
        json.WriteEndArray();
    }
}

internal readonly record struct Place(string Key, FileLinePositionSpan Span, int Depth)
{
    public void Write(Utf8JsonWriter json, int file)
    {
        json.WriteStartArray();
        json.WriteStringValue(Key);
        json.WriteNumberValue(file);
        json.WriteNumberValue(Span.StartLinePosition.Line + 1);
        json.WriteNumberValue(Span.StartLinePosition.Character + 1);
        json.WriteNumberValue(Span.EndLinePosition.Line + 1);
        json.WriteNumberValue(Span.EndLinePosition.Character + 1);
        json.WriteNumberValue(Depth);
        json.WriteEndArray();
    }
}

// Reads one tree. A symbol of a generic type or method is written as its declaration.
internal sealed class TreeReader(SemanticModel model, CancellationToken cancellation)
{
    public List<Place> Declarations { get; } = [];
    public List<Place> Operations { get; } = [];
    private readonly Dictionary<ILocalSymbol, string> origins = new(SymbolEqualityComparer.Default);

    public void Read()
    {
        foreach (SyntaxNode node in model.SyntaxTree.GetRoot(cancellation).DescendantNodesAndSelf())
        {
            cancellation.ThrowIfCancellationRequested();
            Declare(node);
            if (node is GenericNameSyntax && model.GetSymbolInfo(node, cancellation).Symbol is { } generic)
                Add(Operations, generic is IMethodSymbol ? "<" + Key(generic) : Key(generic), node);
            // What a statement declares may be used behind it.
            if (node is ExpressionStatementSyntax && !node.DescendantNodes().Any(inner => inner is SingleVariableDesignationSyntax))
                Add(Operations, ";", node);
            if (node is AttributeSyntax attribute)
                Attribute(attribute);
            if (IsOperationRoot(node) && model.GetOperation(node, cancellation) is { Parent: null } root)
            {
                foreach (IOperation operation in root.DescendantsAndSelf())
                    Operate(operation);
            }
        }
    }

    private static bool IsOperationRoot(SyntaxNode node) => node
        is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or ArrowExpressionClauseSyntax or EqualsValueClauseSyntax
        or AttributeSyntax or CompilationUnitSyntax or PrimaryConstructorBaseTypeSyntax;

    // Places of names: of types, members, accessors, parameters (`#` and index) and type parameters (`<` and index).
    private void Declare(SyntaxNode node)
    {
        if (node is not (MemberDeclarationSyntax or VariableDeclaratorSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax
            or ParameterSyntax or TypeParameterSyntax or ArrowExpressionClauseSyntax or CompilationUnitSyntax))
            return;
        ISymbol? symbol = node is ArrowExpressionClauseSyntax
            ? (model.GetDeclaredSymbol(node.Parent!, cancellation) as IPropertySymbol)?.GetMethod
            : model.GetDeclaredSymbol(node, cancellation);
        if (symbol is null or INamespaceSymbol or ILocalSymbol)
            return;
        string? key = symbol switch
        {
            IParameterSymbol { ContainingSymbol: { } owner } parameter => Key(owner) + "#" + parameter.Ordinal,
            ITypeParameterSymbol { ContainingSymbol: { } owner } parameter => Key(owner) + "<" + parameter.Ordinal,
            _ => Key(symbol),
        };
        Attributable(node, key);
        foreach (Location location in symbol.Locations.Where(location => location.SourceTree == model.SyntaxTree))
            Declarations.Add(new Place(key ?? "", location.GetMappedLineSpan(), 0));
        if (node is RecordDeclarationSyntax { ParameterList: { } list } && symbol is INamedTypeSymbol record)
        {
            foreach (ParameterSyntax parameter in list.Parameters)
            {
                foreach (IPropertySymbol property in record.GetMembers(parameter.Identifier.ValueText).OfType<IPropertySymbol>())
                    Declarations.Add(new Place(Key(property) ?? "", parameter.Identifier.GetLocation().GetMappedLineSpan(), 0));
            }
        }
        if (node is TypeDeclarationSyntax { ParameterList: not null } && symbol is INamedTypeSymbol type)
        {
            foreach (IMethodSymbol constructor in type.InstanceConstructors.Where(each => each.Parameters.Length > 0))
                Declarations.Add(new Place(Key(constructor) ?? "", type.Locations[0].GetMappedLineSpan(), 0));
        }
    }

    // Where an attribute of a declaration would be written. Attributes on a field are those of all its variables.
    private void Attributable(SyntaxNode node, string? key)
    {
        SyntaxNode holder = node is VariableDeclaratorSyntax { Parent.Parent: BaseFieldDeclarationSyntax field } ? field : node;
        SyntaxList<AttributeListSyntax> lists = holder switch
        {
            MemberDeclarationSyntax member => member.AttributeLists,
            AccessorDeclarationSyntax accessor => accessor.AttributeLists,
            LocalFunctionStatementSyntax function => function.AttributeLists,
            BaseParameterSyntax parameter => parameter.AttributeLists,
            TypeParameterSyntax parameter => parameter.AttributeLists,
            _ => default,
        };
        if (holder is not (MemberDeclarationSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax or BaseParameterSyntax or TypeParameterSyntax))
            return;
        int start = lists.Count > 0 ? lists.Last().GetLastToken().GetNextToken().SpanStart : holder.SpanStart;
        Declarations.Add(new Place("^" + key, model.SyntaxTree.GetMappedLineSpan(TextSpan.FromBounds(start, holder.Span.End)), 0));
        foreach (AttributeSyntax attribute in lists.SelectMany(list => list.Attributes))
        {
            if (attribute.ArgumentList is not { Arguments: { Count: > 0 } arguments }
                || model.GetSymbolInfo(attribute, cancellation).Symbol?.ContainingType.Name != "DynamicallyAccessedMembersAttribute")
                continue;
            string target = ((AttributeListSyntax)attribute.Parent!).Target is { } given ? given.Identifier.ValueText + ": " : "";
            TextSpan span = TextSpan.FromBounds(arguments.First().SpanStart, arguments.Last().Span.End);
            Declarations.Add(new Place("[" + target + key, model.SyntaxTree.GetMappedLineSpan(span), 0));
        }
    }

    private void Attribute(AttributeSyntax attribute)
    {
        if (model.GetSymbolInfo(attribute, cancellation).Symbol is not IMethodSymbol constructor)
            return;
        bool isOfField = (attribute.Parent as AttributeListSyntax)?.Target?.Identifier.IsKind(SyntaxKind.FieldKeyword) is true;
        foreach (ISymbol declared in Owners(attribute.Parent?.Parent))
        {
            ISymbol owner = isOfField && declared is not IFieldSymbol ? BackingField(declared) ?? declared : declared;
            // SuppressMessage leaves no trace in the compiled assembly.
            if (constructor.ContainingType.Name == "SuppressMessageAttribute" && attribute.ArgumentList?.Arguments is { Count: >= 2 } arguments
                && model.GetConstantValue(arguments[1].Expression, cancellation).Value is string rule)
                Add(Operations, "!" + Key(owner) + "!" + rule.Split(':')[0], attribute);
            string key = "@" + Key(owner) + "@" + Key(constructor);
            Add(Operations, key, attribute);
            foreach (AttributeArgumentSyntax argument in attribute.ArgumentList?.Arguments ?? [])
            {
                if (argument.NameEquals is { } name)
                    Add(Operations, key + "=" + name.Name.Identifier.ValueText, argument);
            }
        }
    }

    private static ISymbol? BackingField(ISymbol member) =>
        member.ContainingType?.GetMembers().OfType<IFieldSymbol>().FirstOrDefault(field => Equals(field.AssociatedSymbol, member));

    // The symbols that an attribute list stands on; parameters and type parameters stand for what declares them.
    private IEnumerable<ISymbol> Owners(SyntaxNode? node)
    {
        IEnumerable<SyntaxNode> nodes = node is BaseFieldDeclarationSyntax field ? field.Declaration.Variables : node is null ? [] : [node];
        foreach (SyntaxNode each in nodes)
        {
            ISymbol? symbol = each is AnonymousFunctionExpressionSyntax ? null : model.GetDeclaredSymbol(each, cancellation);
            if (symbol is IParameterSymbol or ITypeParameterSymbol)
                symbol = symbol.ContainingSymbol;
            if (symbol is not null)
                yield return symbol;
        }
    }

    private void Operate(IOperation operation)
    {
        if (operation is ILocalReferenceOperation { Type: INamedTypeSymbol { Name: "Type" or "String" } } local)
            Mark(local);
        switch (operation)
        {
            case IInvocationOperation call: Use(call.TargetMethod, call.Syntax); break;
            case IObjectCreationOperation creation: Add(Operations, Key(creation.Constructor), creation.Syntax); break;
            // A function pointer's target is no operation to .NET's analyzers.
            case IMethodReferenceOperation { Parent: not IAddressOfOperation } reference:
                Add(Operations, Key(reference.Method), (reference.Parent as IDelegateCreationOperation ?? (IOperation)reference).Syntax);
                break;
            case IFieldReferenceOperation reference: Add(Operations, Key(reference.Field), reference.Syntax); break;
            case IPropertyReferenceOperation reference when !IsStoredTo(reference): Use(reference.Property.GetMethod, reference.Syntax); break;
            case IImplicitIndexerReferenceOperation reference:
                Use((reference.IndexerSymbol as IPropertySymbol)?.GetMethod, reference.Syntax);
                break;
            case IAnonymousFunctionOperation function:
                Add(Operations, "lambda", (function.Parent as IDelegateCreationOperation ?? (IOperation)function).Syntax);
                break;
            case IUsingOperation statement: Dispose(statement.Resources, statement.IsAsynchronous); break;
            case IUsingDeclarationOperation declaration: Dispose(declaration.DeclarationGroup, declaration.IsAsynchronous); break;
            case IEventAssignmentOperation { EventReference: IEventReferenceOperation reference } assignment:
                Add(Operations, Key(assignment.Adds ? reference.Event.AddMethod : reference.Event.RemoveMethod), assignment.Syntax);
                break;
            case IDynamicMemberReferenceOperation { Parent: IDynamicInvocationOperation }: break;
            case IDynamicInvocationOperation or IDynamicMemberReferenceOperation or IDynamicIndexerAccessOperation or IDynamicObjectCreationOperation:
                Add(Operations, "dynamic", operation.Syntax);
                break;
            case IReturnOperation { ReturnedValue: { } value }: Add(Operations, "return", value.Syntax); break;
            case IForEachLoopOperation loop: Enumerate(loop); break;
            case IAssignmentOperation assignment:
                // Stores through what a call returns, or through a local that is a reference, are followed by nobody.
                if (assignment.Target is not (ILocalReferenceOperation or IInvocationOperation or IPropertyReferenceOperation))
                    Add(Operations, "=*", assignment.Syntax);
                Store(assignment.Target, assignment.Syntax);
                break;
            case IFieldInitializerOperation initializer:
                foreach (IFieldSymbol field in initializer.InitializedFields)
                {
                    Add(Operations, "=" + Key(field), initializer.Syntax);
                    Add(Operations, "~" + Key(field), initializer.Value.Syntax);
                }
                break;
            case IPropertyInitializerOperation initializer:
                foreach (IPropertySymbol property in initializer.InitializedProperties)
                {
                    Add(Operations, "=" + Key(property), initializer.Syntax);
                    Add(Operations, "~" + Key(property), initializer.Value.Syntax);
                }
                break;
        }
    }

    private static bool IsStoredTo(IOperation reference) => reference.Parent switch
    {
        ICoalesceAssignmentOperation => false,
        IAssignmentOperation assignment => assignment.Target == reference,
        IIncrementOrDecrementOperation => true,
        _ => false,
    };

    private void Store(IOperation target, SyntaxNode syntax)
    {
        switch (target)
        {
            case IFieldReferenceOperation reference: Add(Operations, "=" + Key(reference.Field), syntax); break;
            case IPropertyReferenceOperation reference: Use(reference.Property.SetMethod, syntax); break;
            case IParameterReferenceOperation reference: Add(Operations, "=#" + reference.Parameter.Ordinal, syntax); break;
        }
    }

    // What .NET's analyzers know of a local variable that is handed over differs from what its code says.
    private void Mark(ILocalReferenceOperation local)
    {
        (IOperation? user, int index) = local.Parent switch
        {
            IArgumentOperation { Parent: { } call, Parameter: { } parameter } => (call, parameter.Ordinal),
            IInvocationOperation call when call.Instance == local => (call, -1),
            _ => ((IOperation?)null, 0),
        };
        if (user is not null && Origin(local.Local) is { Length: > 0 } origin)
            Add(Operations, "?" + index + origin, user.Syntax);
    }

    // `foreach` for the variable of a loop over an array, `pattern` for one that patterns and deconstructions alone give values to.
    private string Origin(ILocalSymbol local)
    {
        if (origins.TryGetValue(local, out string? known))
            return known;
        SyntaxNode? declaration = local.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellation);
        string origin = "";
        if (declaration is ForEachStatementSyntax loop && model.GetTypeInfo(loop.Expression, cancellation).Type is IArrayTypeSymbol)
            origin = "foreach";
        else if (declaration is SingleVariableDesignationSyntax && IsUntracked(declaration.Parent) && !IsAssigned(local, declaration))
            origin = "pattern";
        return origins[local] = origin;
    }

    private static bool IsUntracked(SyntaxNode? parent) => parent switch
    {
        PatternSyntax or ParenthesizedVariableDesignationSyntax => true,
        DeclarationExpressionSyntax { Parent: ArgumentSyntax { Parent: TupleExpressionSyntax } } => true,
        _ => false,
    };

    private bool IsAssigned(ILocalSymbol local, SyntaxNode declaration)
    {
        SyntaxNode body = declaration.Ancestors().FirstOrDefault(node => node is MemberDeclarationSyntax) ?? declaration;
        return body.DescendantNodes().OfType<AssignmentExpressionSyntax>().Any(assignment =>
            assignment.Left is IdentifierNameSyntax name && name.Identifier.ValueText == local.Name
            && SymbolEqualityComparer.Default.Equals(model.GetSymbolInfo(name, cancellation).Symbol, local));
    }

    // A compiler calls the method that an override overrides first.
    private void Use(IMethodSymbol? method, SyntaxNode syntax)
    {
        for (IMethodSymbol? each = method; each is not null; each = each.OverriddenMethod)
            Add(Operations, Key(each), syntax);
    }

    // What a `using` disposes by its pattern; IDisposable and IAsyncDisposable need nothing.
    private void Dispose(IOperation resources, bool isAsynchronous)
    {
        IEnumerable<IOperation> values = resources is IVariableDeclarationGroupOperation group
            ? group.Declarations.SelectMany(each => each.Declarators).Select(each => each.GetVariableInitializer()?.Value).OfType<IOperation>()
            : [resources];
        foreach (IOperation value in values)
        {
            ITypeSymbol? type = (value as IConversionOperation)?.Operand.Type ?? value.Type;
            foreach (IMethodSymbol method in type?.GetMembers(isAsynchronous ? "DisposeAsync" : "Dispose").OfType<IMethodSymbol>() ?? [])
                Add(Operations, Key(method), value.Syntax);
        }
    }

    private void Enumerate(IForEachLoopOperation loop)
    {
        if (loop.Syntax is not CommonForEachStatementSyntax syntax)
            return;
        ForEachStatementInfo parts = model.GetForEachStatementInfo(syntax);
        Add(Operations, Key(parts.GetEnumeratorMethod), syntax.Expression);
        Add(Operations, Key(parts.MoveNextMethod), syntax.Expression);
        Add(Operations, Key(parts.DisposeMethod), syntax.Expression);
        Add(Operations, Key(parts.CurrentProperty?.GetMethod), syntax is ForEachStatementSyntax simple ? simple.Type : syntax.Expression);
    }

    private static void Add(List<Place> rows, string? key, SyntaxNode syntax)
    {
        if (key is null)
            return;
        int depth = syntax.Ancestors().Count(node => node is AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax);
        rows.Add(new Place(key, syntax.SyntaxTree.GetMappedLineSpan(syntax.Span), depth));
    }

    private static string? Key(ISymbol? symbol) => symbol switch
    {
        null => null,
        IMethodSymbol { MethodKind: MethodKind.LocalFunction } function => "L:" + function.Name,
        IMethodSymbol { ReducedFrom: { } reduced } => reduced.OriginalDefinition.GetDocumentationCommentId(),
        _ => symbol.OriginalDefinition.GetDocumentationCommentId(),
    };
}
