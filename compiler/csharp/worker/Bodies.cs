// A file -> its bodies as control-flow graphs of operations, which Python reads as .NET's analyzers do.
// An operation is an array that begins with its kind (`Kind`); places are four numbers, line and column of start and end, from 1.
// What an operation is good for, not what it is called, decides on its kind: most only have operands.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Aotd.Worker;

internal enum Kind
{
    Nothing, Null, Int, Text, Operands, Local, Parameter, This, Field, Call, Delegate, TypeOf, Array, Element, Or, Capture, Conversion, Assign,
    SetCapture, Return, Lambda, Property, Unknown, Literal, Not, Equal, IsPattern, Match,
}

[Flags]
internal enum Usage
{
    None = 0, Read = 1, Write = 2,
}

// One file's bodies. A body is [owner, functions, place of its syntax]; an owner is ["m", method], ["f", field] or ["p", getter or setter]; a function is
// [method or -1, blocks, regions]; the first one is the body itself, others are the lambdas and local functions in it.
internal sealed class BodyReader(SemanticModel model, CancellationToken cancellation)
{
    private readonly Symbols symbols = new();
    private readonly List<object> bodies = [];

    public void Read()
    {
        foreach (SyntaxNode node in model.SyntaxTree.GetRoot(cancellation).DescendantNodesAndSelf())
        {
            cancellation.ThrowIfCancellationRequested();
            if (IsRoot(node) && Owner(node) is { } owner && model.GetOperation(node, cancellation) is { Parent: null } root && !IsBroken(node, root))
                bodies.Add(new Body(model.Compilation, symbols, owner, cancellation).Read(root));
            if (node is GenericNameSyntax name && Constructible(name) is { } constructible)
                bodies.Add(constructible);
        }
    }

    // A name with type arguments for type parameters with the constraint `new()`, which stands by itself as a body without functions:
    // [what it stands in, no functions, place, the arguments]. What it stands in is that of a body, or ["e", accessor] or ["t", type].
    private object[]? Constructible(GenericNameSyntax name)
    {
        (IEnumerable<ITypeParameterSymbol> parameters, IEnumerable<ITypeSymbol> given) = model.GetSymbolInfo(name, cancellation).Symbol switch
        {
            INamedTypeSymbol type => (type.TypeParameters.AsEnumerable(), type.TypeArguments.AsEnumerable()),
            IMethodSymbol method => (method.TypeParameters, method.TypeArguments),
            _ => ([], []),
        };
        object[] arguments = parameters.Zip(given)
            .Where(each => each.First.HasConstructorConstraint && each.Second is INamedTypeSymbol { TypeKind: not TypeKind.Error })
            .Select(each => (object)symbols.Type(each.Second)).ToArray();
        if (arguments.Length == 0 || Around(name) is not { } around)
            return null;
        object[] described = around switch
        {
            IMethodSymbol method => ["m", symbols.Method(method)],
            IFieldSymbol field => ["f", symbols.Field(field)],
            IPropertySymbol property => ["p", symbols.Method((property.GetMethod ?? property.SetMethod)!)],
            IEventSymbol { AddMethod: { } adder } => ["e", symbols.Method(adder)],
            INamedTypeSymbol type => ["t", symbols.Type(type)],
            _ => [],
        };
        return described.Length == 0 ? null : [described, Array.Empty<object>(), Body.Span(name), arguments];
    }

    // The declaration that a name stands in: a member, whatever lambda or local function is around it, or a type.
    private ISymbol? Around(SyntaxNode name)
    {
        foreach (SyntaxNode node in name.Ancestors())
        {
            switch (node)
            {
                case AccessorDeclarationSyntax or BaseMethodDeclarationSyntax or BasePropertyDeclarationSyntax or DelegateDeclarationSyntax or BaseTypeDeclarationSyntax:
                    return model.GetDeclaredSymbol(node, cancellation);
                case ArrowExpressionClauseSyntax { Parent: BasePropertyDeclarationSyntax property }:
                    return (model.GetDeclaredSymbol(property, cancellation) as IPropertySymbol)?.GetMethod;
                case VariableDeclaratorSyntax { Parent.Parent: BaseFieldDeclarationSyntax } variable: return model.GetDeclaredSymbol(variable, cancellation);
                case BaseFieldDeclarationSyntax field: return model.GetDeclaredSymbol(field.Declaration.Variables[0], cancellation);
                case CompilationUnitSyntax unit: return model.GetDeclaredSymbol(unit, cancellation) as IMethodSymbol;
            }
        }
        return null;
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        symbols.Write(json);
        json.WritePropertyName("bodies");
        Symbols.Value(json, bodies);
        json.WriteEndObject();
    }

    // A body with errors throws when it runs; what was found in it before stays.
    private static bool IsBroken(SyntaxNode node, IOperation root) =>
        node.ContainsDiagnostics && node.GetDiagnostics().Any(each => each.Severity is DiagnosticSeverity.Error)
        || root.DescendantsAndSelf().Any(operation => operation.Kind is OperationKind.Invalid);

    private static bool IsRoot(SyntaxNode node) => node
        is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or ArrowExpressionClauseSyntax or EqualsValueClauseSyntax
        or CompilationUnitSyntax or TypeDeclarationSyntax { ParameterList: not null };

    private ISymbol? Owner(SyntaxNode node) => node switch
    {
        ArrowExpressionClauseSyntax { Parent: BasePropertyDeclarationSyntax property } => (model.GetDeclaredSymbol(property, cancellation) as IPropertySymbol)?.GetMethod,
        ArrowExpressionClauseSyntax => null,
        EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax or PropertyDeclarationSyntax } value => model.GetDeclaredSymbol(value.Parent!, cancellation) switch
        {
            IFieldSymbol field => field,
            IPropertySymbol property => property,
            _ => null,
        },
        EqualsValueClauseSyntax => null,
        TypeDeclarationSyntax type => (model.GetDeclaredSymbol(type, cancellation) as INamedTypeSymbol)?.InstanceConstructors
            .FirstOrDefault(each => each.DeclaringSyntaxReferences.Any(reference => reference.GetSyntax(cancellation) == type)),
        _ => model.GetDeclaredSymbol(node, cancellation) as IMethodSymbol,
    };
}

// One body. `functions` grows while its operations are read: a lambda or local function is read when it is first met.
internal sealed class Body(Compilation compilation, Symbols symbols, ISymbol owner, CancellationToken cancellation)
{
    private readonly List<object> functions = [];
    private readonly Dictionary<ISymbol, int> functionNumbers = new(SymbolEqualityComparer.Default);
    private readonly Dictionary<ISymbol, int> locals = new(SymbolEqualityComparer.Default);
    private ISymbol current = owner;
    private HashSet<CaptureId> targets = [];

    public object Read(IOperation root)
    {
        functions.Add(0);
        functions[0] = Function(Graph(root), root, owner);
        object[] described = owner switch
        {
            IMethodSymbol method => ["m", symbols.Method(method)],
            IFieldSymbol field => ["f", symbols.Field(field)],
            IPropertySymbol property => ["p", symbols.Method((property.GetMethod ?? property.SetMethod)!)],
            _ => throw new ArgumentException("no body belongs to a " + owner.Kind),
        };
        return new object[] { described, functions, Span(root) };
    }

    private static object[] Span(IOperation operation) => Span(operation.Syntax);

    internal static object[] Span(SyntaxNode node)
    {
        FileLinePositionSpan span = node.SyntaxTree.GetMappedLineSpan(node.Span);
        return [span.StartLinePosition.Line + 1, span.StartLinePosition.Character + 1, span.EndLinePosition.Line + 1, span.EndLinePosition.Character + 1];
    }

    private ControlFlowGraph? Graph(IOperation root) => root switch
    {
        IBlockOperation block => ControlFlowGraph.Create(block, cancellation),
        IMethodBodyOperation body => ControlFlowGraph.Create(body, cancellation),
        IConstructorBodyOperation body => ControlFlowGraph.Create(body, cancellation),
        IFieldInitializerOperation initializer => ControlFlowGraph.Create(initializer, cancellation),
        IPropertyInitializerOperation initializer => ControlFlowGraph.Create(initializer, cancellation),
        _ => null,
    };

    private object Function(ControlFlowGraph? graph, IOperation root, ISymbol symbol)
    {
        (ISymbol outer, HashSet<CaptureId> outerTargets) = (current, targets);
        (current, targets) = (symbol, graph is null ? [] : Targets(graph));
        int number = symbol is IMethodSymbol { MethodKind: MethodKind.AnonymousFunction or MethodKind.LocalFunction } method ? symbols.Method(method) : -1;
        var blocks = new List<object>();
        var regions = new List<object>();
        if (graph is null)
        {
            object[] none = [-1, 0, Array.Empty<object>()];
            blocks.Add(new object[] { Array.Empty<object>(), 0, 0, new object[] { 1, 0, Array.Empty<object>() }, none, 0 });
            blocks.Add(new object[] { new[] { Encode(root) }, 0, 0, none, none, 0 });
            regions.Add(new object[] { "Root", 0, 1, -1 });
        }
        else
        {
            var order = new Dictionary<ControlFlowRegion, int>();
            Regions(graph.Root, -1, order, regions);
            foreach (BasicBlock block in graph.Blocks)
                blocks.Add(Block(graph, block, order));
        }
        (current, targets) = (outer, outerTargets);
        return new object[] { number, blocks, regions };
    }

    private static void Regions(ControlFlowRegion region, int parent, Dictionary<ControlFlowRegion, int> order, List<object> rows)
    {
        int number = order[region] = rows.Count;
        rows.Add(new object[] { region.Kind.ToString(), region.FirstBlockOrdinal, region.LastBlockOrdinal, parent });
        foreach (ControlFlowRegion nested in region.NestedRegions)
            Regions(nested, number, order, rows);
    }

    // [operations, branch value, 1 or 2 when the conditional branch is taken if it is true or false, else 0, fall-through branch, conditional branch, region]
    private object Block(ControlFlowGraph graph, BasicBlock block, Dictionary<ControlFlowRegion, int> order)
    {
        this.graph = graph;
        object[] operations = block.IsReachable ? block.Operations.Select(Encode).ToArray() : [];
        object value = block is { IsReachable: true, BranchValue: { } branch } ? Encode(branch) : 0;
        if (!block.IsReachable)
            value = 0;
        else if (block.BranchValue is { } returned && block.ConditionKind is ControlFlowConditionKind.None && block.FallThroughSuccessor?.Semantics is ControlFlowBranchSemantics.Return)
            value = Placed(Kind.Return, returned, value, Condition(returned));
        else if (block.BranchValue is { } tested && block.ConditionKind is not ControlFlowConditionKind.None)
            value = new[] { value, Condition(tested) };
        int kind = block.ConditionKind switch { ControlFlowConditionKind.WhenTrue => 1, ControlFlowConditionKind.WhenFalse => 2, _ => 0 };
        return new[] { operations, value, kind, Branch(block.FallThroughSuccessor, order), Branch(block.ConditionalSuccessor, order), order[block.EnclosingRegion] };
    }

    // [destination or -1, 1 for a return, 2 for a throw, else 0, the finally regions on the way]
    private static object Branch(ControlFlowBranch? branch, Dictionary<ControlFlowRegion, int> order)
    {
        if (branch is null)
            return new object[] { -1, 0, Array.Empty<object>() };
        int semantics = branch.Semantics switch
        {
            ControlFlowBranchSemantics.Return => 1,
            ControlFlowBranchSemantics.Throw or ControlFlowBranchSemantics.Rethrow or ControlFlowBranchSemantics.Error => 2,
            _ => 0,
        };
        return new object[] { branch.Destination?.Ordinal ?? -1, semantics, branch.FinallyRegions.Select(region => (object)order[region]).ToArray() };
    }

    // Captures that are written through.
    private static HashSet<CaptureId> Targets(ControlFlowGraph graph) => graph.Blocks
        .SelectMany(block => block.BranchValue is { } value ? block.Operations.Append(value) : block.Operations)
        .SelectMany(operation => operation.DescendantsAndSelf())
        .OfType<IFlowCaptureReferenceOperation>()
        .Where(reference => reference.Parent is IAssignmentOperation assignment && assignment.Target == reference || IsDeconstructed(reference))
        .Select(reference => reference.Id)
        .ToHashSet();

    private ControlFlowGraph? graph;

    // ---- operations ----

    private object[] Placed(Kind kind, IOperation operation, params object[] rest)
    {
        return [(int)kind, .. Span(operation), .. rest];
    }

    private static readonly object[] nothing = [(int)Kind.Nothing];

    private object[] Encode(IOperation? operation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (operation is null)
            return nothing;
        if (operation is not IFieldReferenceOperation { Field.Name: "EmptyTypes" or "Empty" } && Constant(operation) is { } constant)
            return constant;
        switch (operation)
        {
            case ILocalReferenceOperation reference: return [(int)Kind.Local, Local(reference.Local), IsCaptured(reference.Local) ? 1 : 0];
            case IParameterReferenceOperation { Parameter.ContainingSymbol: IMethodSymbol method } reference:
                return [(int)Kind.Parameter, symbols.Method(method), reference.Parameter.Ordinal];
            case IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance }: return [(int)Kind.This];
            case IFieldReferenceOperation reference: return Placed(Kind.Field, reference, symbols.Field(reference.Field));
            case IConversionOperation { OperatorMethod: { } method } conversion: return [(int)Kind.Conversion, symbols.Method(method), Encode(conversion.Operand)];
            case IConversionOperation conversion: return Encode(conversion.Operand);
            case IArgumentOperation argument: return Encode(argument.Value);
            case IExpressionStatementOperation statement: return [(int)Kind.Operands, Encode(statement.Operation)];
            case IInstanceReferenceOperation or IDiscardOperation or IEventReferenceOperation or IVariableDeclarationGroupOperation:
                return [(int)Kind.Operands, .. operation.ChildOperations.Select(Encode)];
            case ITypeOfOperation type: return [(int)Kind.TypeOf, symbols.Type(type.TypeOperand)];
            case IInvocationOperation call: return Call(call, call.TargetMethod, call.Instance, call.Arguments, creates: false);
            case IObjectCreationOperation { Constructor: { } constructor } creation: return Call(creation, constructor, null, creation.Arguments, creates: true);
            case IObjectCreationOperation: return nothing;
            case IPropertyReferenceOperation reference: return Property(reference);
            case IImplicitIndexerReferenceOperation reference: return Indexer(reference);
            case IDelegateCreationOperation creation: return Delegate(creation);
            case IFlowAnonymousFunctionOperation lambda: return [(int)Kind.Lambda, Lambda(lambda)];
            case IArrayCreationOperation array: return Array_(array);
            case IArrayElementReferenceOperation { Indices.Length: 1 } element when Uses(element).HasFlag(Usage.Read) || IsTarget(element):
                return [(int)Kind.Element, Encode(element.ArrayReference), Encode(element.Indices[0])];
            case IArrayElementReferenceOperation: return nothing;
            case IInlineArrayAccessOperation element: return [(int)Kind.Element, Encode(element.Instance), Encode(element.Argument)];
            case IBinaryOperation { OperatorKind: BinaryOperatorKind.Or, OperatorMethod: null, Type: { TypeKind: TypeKind.Enum } or { SpecialType: SpecialType.System_Int32 } } flags:
                return [(int)Kind.Or, Encode(flags.LeftOperand), Encode(flags.RightOperand)];
            case IFlowCaptureReferenceOperation reference: return [(int)Kind.Capture, reference.Id.GetHashCode(), !reference.IsInitialization && !Uses(reference).HasFlag(Usage.Write) ? 1 : 0];
            case IFlowCaptureOperation capture: return SetCapture(capture);
            case ISimpleAssignmentOperation or ICompoundAssignmentOperation: return Assign((IAssignmentOperation)operation);
            case IEventAssignmentOperation { EventReference: IEventReferenceOperation reference } assignment: return EventAssign(assignment, reference);
            case IReturnOperation { ReturnedValue: { } value } result: return Placed(Kind.Return, result, Encode(value), nothing);
            case IDynamicInvocationOperation or IDynamicObjectCreationOperation or IDynamicMemberReferenceOperation or IDynamicIndexerAccessOperation: return Dynamic(operation);
            case IIsPatternOperation test: return Match(test);
            case ILocalFunctionOperation or ITypeParameterObjectCreationOperation { Initializer: null }: return nothing;
            default:
                return [(int)Kind.Unknown, .. operation.ChildOperations.Select(Encode).Where(each => each.Length > 1)];
        }
    }

    private static object[]? Constant(IOperation operation)
    {
        if (!operation.ConstantValue.HasValue)
            return null;
        if (operation.ConstantValue.Value is null)
            return [(int)Kind.Null];
        return operation.ConstantValue.Value switch
        {
            string text => [(int)Kind.Text, text],
            bool flag => [(int)Kind.Int, flag ? 1 : 0],
            sbyte number => [(int)Kind.Int, (int)number],
            byte number => [(int)Kind.Int, (int)number],
            short number => [(int)Kind.Int, (int)number],
            ushort number => [(int)Kind.Int, (int)number],
            int number => [(int)Kind.Int, number],
            uint number => [(int)Kind.Int, unchecked((int)number)],
            _ => nothing,
        };
    }

    private int Local(ILocalSymbol local)
    {
        if (!locals.TryGetValue(local, out int number))
            number = locals[local] = locals.Count;
        return number;
    }

    private bool IsCaptured(ILocalSymbol local) => !local.IsConst && !SymbolEqualityComparer.Default.Equals(local.ContainingSymbol, current);

    // [kind, place, method, creates (0 or 1), number of the local function or -1, instance, arguments, conditions], then line and column where what
    // is called ends, before the arguments, where it is called by a call expression.
    private object[] Call(IOperation operation, IMethodSymbol method, IOperation? instance, IEnumerable<IArgumentOperation> arguments, bool creates)
    {
        var passed = new List<object>();
        var conditions = new List<object>();
        foreach (IArgumentOperation argument in arguments)
        {
            if (argument.Parameter is not { } parameter)
                break;
            AttributeData? returnsNot = parameter.GetAttributes().FirstOrDefault(each => each.AttributeClass?.Name == "DoesNotReturnIfAttribute");
            if (returnsNot is { ConstructorArguments.Length: 1 } && returnsNot.ConstructorArguments[0].Value is bool value)
                conditions.Add(new object[] { value ? 1 : 0, Condition(argument.Value) });
            passed.Add(Encode(argument));
        }
        return Placed(
            Kind.Call,
            operation,
            [symbols.Method(method), creates ? 1 : 0, LocalFunction(method), Encode(instance), passed, conditions, .. CalleeEnd(operation)]);
    }

    private static object[] CalleeEnd(IOperation operation)
    {
        if (operation.Syntax is not InvocationExpressionSyntax { Expression: var callee })
            return [];
        FileLinePositionSpan span = callee.SyntaxTree.GetMappedLineSpan(callee.Span);
        return [span.EndLinePosition.Line + 1, span.EndLinePosition.Character + 1];
    }

    private int LocalFunction(IMethodSymbol method)
    {
        IMethodSymbol definition = method.OriginalDefinition;
        if (definition.MethodKind is not MethodKind.LocalFunction || graph is not { } scope)
            return -1;
        if (functionNumbers.TryGetValue(definition, out int known))
            return known;
        int number = functionNumbers[definition] = functions.Count;
        functions.Add(0);
        ControlFlowGraph body = scope.GetLocalFunctionControlFlowGraphInScope(definition, cancellation);
        functions[number] = Function(body, body.OriginalOperation, definition);
        graph = scope;
        return number;
    }

    private int Lambda(IFlowAnonymousFunctionOperation lambda)
    {
        if (functionNumbers.TryGetValue(lambda.Symbol, out int known))
            return known;
        ControlFlowGraph scope = graph!;
        int number = functionNumbers[lambda.Symbol] = functions.Count;
        functions.Add(0);
        ControlFlowGraph body = scope.GetAnonymousFunctionControlFlowGraphInScope(lambda, cancellation);
        functions[number] = Function(body, body.OriginalOperation, lambda.Symbol);
        graph = scope;
        return number;
    }

    // [kind, place, method, number of the function or -1, operand]
    private object[] Delegate(IDelegateCreationOperation creation)
    {
        switch (creation.Target)
        {
            case IFlowAnonymousFunctionOperation lambda:
                return Placed(Kind.Delegate, creation, symbols.Method(lambda.Symbol), Lambda(lambda), nothing);
            case IMethodReferenceOperation reference:
                return Placed(Kind.Delegate, creation, symbols.Method(reference.Method), LocalFunction(reference.Method), Encode(reference.Instance));
            default: return [(int)Kind.Operands, Encode(creation.Target)];
        }
    }

    // [kind, item type, size, items]
    private object[] Array_(IArrayCreationOperation array)
    {
        const int mostItems = 32;
        if (array.DimensionSizes.Length != 1 || array.Initializer?.ElementValues.Length >= mostItems)
            return [(int)Kind.Operands, .. array.ChildOperations.Select(Encode)];
        object[] items = array.Initializer?.ElementValues.Select(each => (object)Encode(each)).ToArray() ?? [];
        return [(int)Kind.Array, symbols.Type((array.Type as IArrayTypeSymbol)?.ElementType), Encode(array.DimensionSizes[0]), items];
    }

    // [kind, place, getter or -1, setter or -1, is only written to (0 or 1), is initialized (0 or 1), instance, indices]
    private object[] Property(IPropertyReferenceOperation reference) => Placed(
        Kind.Property, reference, Accessor(reference.Property, getter: true), Accessor(reference.Property, getter: false),
        Uses(reference).HasFlag(Usage.Write) ? 1 : 0, current is IPropertySymbol ? 1 : 0, Encode(reference.Instance),
        reference.Arguments.Select(each => (object)Encode(each)).ToArray());

    private object[] Indexer(IImplicitIndexerReferenceOperation reference)
    {
        if (reference.IndexerSymbol is not IPropertySymbol property)
            return Uses(reference).HasFlag(Usage.Write) ? nothing : [(int)Kind.Operands, Encode(reference.Instance), Encode(reference.Argument)];
        return Placed(
            Kind.Property, reference, Accessor(property, getter: true), Accessor(property, getter: false), Uses(reference).HasFlag(Usage.Write) ? 1 : 0, 0,
            Encode(reference.Instance), new object[] { Encode(reference.Argument) });
    }

    // An override may leave accessors to the property that it overrides.
    private int Accessor(IPropertySymbol property, bool getter)
    {
        for (IPropertySymbol? each = property; each is not null; each = each.OverriddenProperty)
        {
            if ((getter ? each.GetMethod : each.SetMethod) is { } found)
                return symbols.Method(found);
        }
        return -1;
    }

    private object[] SetCapture(IFlowCaptureOperation capture)
    {
        bool isTarget = targets.Contains(capture.Id);
        int id = capture.Id.GetHashCode();
        if (isTarget)
            return capture.Value is IFlowCaptureReferenceOperation ? nothing : [(int)Kind.SetCapture, id, 1, Target(capture.Value)];
        if (capture.Value is IFlowCaptureReferenceOperation read)
            return [(int)Kind.SetCapture, id, targets.Contains(read.Id) ? 2 : 0, new object[] { (int)Kind.Capture, read.Id.GetHashCode(), 1 }];
        return [(int)Kind.SetCapture, id, 0, Encode(capture.Value)];
    }

    // What is stored to; the value of a store is read after the target's own operands.
    private object[] Target(IOperation target) => target switch
    {
        IFlowCaptureReferenceOperation reference => [(int)Kind.Capture, reference.Id.GetHashCode(), 0],
        IDiscardOperation => nothing,
        _ => Encode(target),
    };

    // [kind, tested value, operands of the pattern, declared variables: [member that is tested or 0, local, whether it is shared]]
    private object[] Match(IIsPatternOperation test)
    {
        var operands = new List<object>();
        var variables = new List<object>();
        Variables(test.Pattern, 0, variables);
        operands.AddRange(test.Pattern.ChildOperations.Select(Encode).Where(each => each.Length > 1));
        return [(int)Kind.Match, Encode(test.Value), operands, variables];
    }

    // Variables after a type or `var`; not those after braces, nor what is in a positional or list pattern.
    private void Variables(IPatternOperation pattern, object tested, List<object> variables)
    {
        if (pattern is IDeclarationPatternOperation { DeclaredSymbol: ILocalSymbol local })
            variables.Add(new[] { tested, Local(local), IsCaptured(local) ? 1 : 0 });
        if (pattern is not IRecursivePatternOperation recursive)
            return;
        foreach (IPropertySubpatternOperation part in recursive.PropertySubpatterns)
            Variables(part.Pattern, Encode(part.Member), variables);
    }

    // [kind, place, target, value]
    private object[] Assign(IAssignmentOperation assignment) => Placed(Kind.Assign, assignment, Target(assignment.Target), Encode(assignment.Value));

    private object[] EventAssign(IEventAssignmentOperation assignment, IEventReferenceOperation reference)
    {
        IMethodSymbol? accessor = assignment.Adds ? reference.Event.AddMethod : reference.Event.RemoveMethod;
        if (accessor is null)
            return [(int)Kind.Operands, Encode(reference.Instance), Encode(assignment.HandlerValue)];
        return Placed(
            Kind.Call, assignment, symbols.Method(accessor), 0, -1, Encode(reference.Instance), new object[] { Encode(assignment.HandlerValue) }, Array.Empty<object>());
    }

    // What a compiler calls to bind an operation at run time.
    private object[] Dynamic(IOperation operation)
    {
        bool writes = Uses(operation).HasFlag(Usage.Write);
        string name = operation switch
        {
            IDynamicInvocationOperation => "InvokeMember",
            IDynamicObjectCreationOperation => "InvokeConstructor",
            IDynamicMemberReferenceOperation => writes ? "SetMember" : "GetMember",
            _ => writes ? "SetIndex" : "GetIndex",
        };
        INamedTypeSymbol? binder = compilation.GetTypeByMetadataName("Microsoft.CSharp.RuntimeBinder.Binder");
        if (binder?.GetMembers(name).OfType<IMethodSymbol>().FirstOrDefault() is not { } method)
            return nothing;
        return Placed(
            Kind.Call,
            operation,
            [symbols.Method(method), 0, -1, nothing, Array.Empty<object>(), Array.Empty<object>(), .. CalleeEnd(operation)]);
    }

    // ---- conditions ----

    // What a condition says about properties: [Property, getter], [Not, condition], [Literal, value], [Equal, is equal, left, right], [IsPattern, value or -1, operand].
    private object[] Condition(IOperation operation)
    {
        switch (operation)
        {
            case IArgumentOperation argument: return Condition(argument.Value);
            case IPropertyReferenceOperation { Property.GetMethod: { } getter }: return [(int)Kind.Property, symbols.Method(getter)];
            case IUnaryOperation { OperatorKind: UnaryOperatorKind.Not } not: return [(int)Kind.Not, Condition(not.Operand)];
            case ILiteralOperation { ConstantValue: { HasValue: true, Value: bool value } }: return [(int)Kind.Literal, value ? 1 : 0];
            case IBinaryOperation { OperatorKind: BinaryOperatorKind.Equals or BinaryOperatorKind.NotEquals } equality:
                return [(int)Kind.Equal, equality.OperatorKind is BinaryOperatorKind.Equals ? 1 : 0, Condition(equality.LeftOperand), Condition(equality.RightOperand)];
            case IIsPatternOperation test: return [(int)Kind.IsPattern, Expected(test.Pattern) switch { true => 1, false => 0, null => -1 }, Condition(test.Value)];
            default: return nothing;
        }
    }

    private static bool? Expected(IPatternOperation pattern) => pattern switch
    {
        IConstantPatternOperation { Value.ConstantValue: { HasValue: true, Value: bool value } } => value,
        INegatedPatternOperation negated => !Expected(negated.Pattern),
        _ => null,
    };

    // ---- usage ----

    private bool IsTarget(IOperation operation) =>
        operation.Parent is IAssignmentOperation assignment && assignment.Target == operation || operation.Parent is IFlowCaptureOperation capture && targets.Contains(capture.Id);

    private static Usage Uses(IOperation operation)
    {
        switch (operation.Parent)
        {
            case IAssignmentOperation assignment when assignment.Target == operation:
                return assignment is ICompoundAssignmentOperation or ICoalesceAssignmentOperation ? Usage.Read | Usage.Write : Usage.Write;
            case IIncrementOrDecrementOperation: return Usage.Read | Usage.Write;
            case INameOfOperation or ITypeOfOperation or ISizeOfOperation: return Usage.None;
            case IArgumentOperation argument:
                return argument.Parameter?.RefKind switch { RefKind.Out => Usage.Write, RefKind.Ref => Usage.Read | Usage.Write, _ => Usage.Read };
            case IConditionalOperation conditional when operation == conditional.WhenTrue || operation == conditional.WhenFalse: return Uses(conditional);
            case IDeclarationExpressionOperation declaration: return Uses(declaration);
            default: return IsDeconstructed(operation) ? Usage.Write : Usage.Read;
        }
    }

    private static bool IsDeconstructed(IOperation operation)
    {
        IOperation previous = operation;
        for (IOperation? each = operation.Parent; each is not null; (previous, each) = (each, each.Parent))
        {
            if (each is IDeconstructionAssignmentOperation assignment)
                return assignment.Target == previous;
            if (each is not (ITupleOperation or IConversionOperation or IParenthesizedOperation or IDeclarationExpressionOperation))
                return false;
        }
        return false;
    }
}
