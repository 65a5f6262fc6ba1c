// A compilation with errors -> one that can be emitted: what is broken throws or is gone, the rest is untouched.
// An error inside a body replaces that body by `throw null`; an error that stays, or that has no body around it, takes
// away the smallest declaration that holds it. Every replacement keeps the number of lines, so that the places of the
// rest stay right. Taking a declaration away can break its users: that is why there are rounds.
using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Aotd.Worker;

internal sealed class Repair
{
    private const int Rounds = 8;
    private const string Throw = "{throw null;";

    // Places of the code that was replaced, in the texts as they are; each stands for a member.
    public List<FileLinePositionSpan> Replaced { get; } = [];

    // Emits a repaired form of `compilation` by `emit`, which returns the diagnostics of a failure, or null when it
    // succeeded. False when the errors cannot be confined.
    public bool Run(
        CSharpCompilation compilation,
        ImmutableArray<Diagnostic> diagnostics,
        Func<CSharpCompilation, ImmutableArray<Diagnostic>?> emit)
    {
        CSharpCompilation current = compilation.WithOptions(Lenient(compilation.Options));
        ImmutableArray<Diagnostic>? remaining = diagnostics;
        for (int round = 0; round < Rounds && remaining is not null; round++)
        {
            Diagnostic[] errors = remaining.Value.Where(IsError).ToArray();
            if (errors.Length > 0)
            {
                CSharpCompilation? next = RepairOnce(current, errors, firstRound: round == 0);
                if (next is null)
                    return false;
                current = next;
            }
            remaining = emit(current);
        }
        return remaining is null;
    }

    private static bool IsError(Diagnostic diagnostic) =>
        diagnostic.Severity == DiagnosticSeverity.Error && !diagnostic.IsWarningAsError;

    // The options without warnings that count as errors: those do not make code unfit to run.
    public static CSharpCompilationOptions Lenient(CSharpCompilationOptions options) => options
        .WithGeneralDiagnosticOption(ReportDiagnostic.Default)
        .WithSpecificDiagnosticOptions(options.SpecificDiagnosticOptions.Where(pair => pair.Value != ReportDiagnostic.Error))
        .WithSyntaxTreeOptionsProvider(null);

    private CSharpCompilation? RepairOnce(CSharpCompilation compilation, Diagnostic[] errors, bool firstRound)
    {
        // Without an entry point there is nothing to replace: the code is emitted as a library.
        if (errors.All(error => error.Id is "CS5001" or "CS1555" or "CS1556"))
            return compilation.WithOptions(compilation.Options.WithMainTypeName(null).WithOutputKind(OutputKind.DynamicallyLinkedLibrary));
        bool changed = false;
        foreach (IGrouping<SyntaxTree?, Diagnostic> group in errors.GroupBy(error => error.Location.SourceTree))
        {
            if (group.Key is not { } tree)
                continue;
            List<TextChange> changes = Changes(tree, group, firstRound);
            if (changes.Count == 0)
                continue;
            SourceText text = tree.GetText().WithChanges(changes);
            compilation = compilation.ReplaceSyntaxTree(tree, tree.WithChangedText(text));
            changed = true;
        }
        return changed ? compilation : null;
    }

    // Replacements for the errors of one tree: in order, not overlapping, the outermost where one is in another.
    private List<TextChange> Changes(SyntaxTree tree, IEnumerable<Diagnostic> errors, bool firstRound)
    {
        SyntaxNode root = tree.GetRoot();
        SourceText text = tree.GetText();
        var changes = new SortedDictionary<TextSpan, string>();
        foreach (SyntaxNode remnant in Remnants(root))
            changes[remnant.Span] = Blanked(text, remnant.Span);
        bool hasRemnants = changes.Count > 0;
        int end = root.GetLastToken().Span.End;
        foreach (Diagnostic error in errors)
        {
            if (error.Id == "CS1513" && error.Location.SourceSpan.End >= end)
            {
                changes[new TextSpan(text.Length, 0)] = "}";
                continue;
            }
            foreach ((SyntaxNode node, TextSpan span, string replacement) in Change(root, text, error.Location.SourceSpan))
            {
                // What stands half written in a type is reported at the type's own tokens.
                if (!hasRemnants || node is not BaseTypeDeclarationSyntax)
                    changes[span] = replacement;
            }
        }
        var result = new List<TextChange>();
        foreach ((TextSpan span, string replacement) in changes.OrderBy(pair => pair.Key.Start).ThenByDescending(pair => pair.Key.Length))
        {
            if (result.Count > 0 && span.Start < result[^1].Span.End)
                continue;
            result.Add(new TextChange(span, replacement));
            // Later rounds see moved columns, and what they replace was broken by what an earlier one took away.
            if (firstRound)
                Replaced.Add(tree.GetMappedLineSpan(span));
        }
        return result;
    }

    // Members that were begun, and tokens outside any member.
    private static IEnumerable<SyntaxNode> Remnants(SyntaxNode root) =>
        root.DescendantNodes(node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax or BaseTypeDeclarationSyntax, descendIntoTrivia: true)
            .Where(node => node is IncompleteMemberSyntax or SkippedTokensTriviaSyntax);

    private static IEnumerable<(SyntaxNode Node, TextSpan Span, string Replacement)> Change(SyntaxNode root, SourceText text, TextSpan error)
    {
        SyntaxToken token = root.FindToken(Math.Min(error.Start, Math.Max(0, root.FullSpan.End - 1)), findInsideTrivia: true);
        // Tokens that belong to no member hang on the next member's first token.
        if (token.Parent is SkippedTokensTriviaSyntax skipped && skipped.ParentTrivia.Token.Parent?.FirstAncestorOrSelf<BlockSyntax>() is null)
            return [Blank(skipped, text, skipped.Span)];
        for (SyntaxNode? node = token.Parent; node is not null; node = node.Parent ?? (node as StructuredTriviaSyntax)?.ParentTrivia.Token.Parent)
        {
            switch (node)
            {
                case UsingDirectiveSyntax or ExternAliasDirectiveSyntax:
                case AttributeListSyntax:
                case DirectiveTriviaSyntax:
                    return [Blank(node, text, node.Span)];
                case GlobalStatementSyntax:
                    return TopLevel(root, text);
                case LocalFunctionStatementSyntax or AnonymousFunctionExpressionSyntax:
                    continue;
                case ArrowExpressionClauseSyntax arrow when !IsThrowing(arrow):
                    return [ThrowExpression(text, arrow)];
                case AccessorDeclarationSyntax { Body: { } body } when !IsThrowing(body):
                    return [ThrowBlock(text, body)];
                case AccessorDeclarationSyntax { ExpressionBody: { } arrow } when !IsThrowing(arrow):
                    return [ThrowExpression(text, arrow)];
                case ConstructorInitializerSyntax:
                    return [Blank(node, text, node.Parent!.Span)];
                case BaseMethodDeclarationSyntax { Body: { } body } when !IsThrowing(body):
                    return [ThrowBlock(text, body)];
                case BaseMethodDeclarationSyntax { ExpressionBody: { } arrow } when !IsThrowing(arrow):
                    return [ThrowExpression(text, arrow)];
                case EqualsValueClauseSyntax { Parent: PropertyDeclarationSyntax or VariableDeclaratorSyntax { Parent.Parent: BaseFieldDeclarationSyntax } } value
                    when !value.Value.IsKind(SyntaxKind.DefaultLiteralExpression):
                    return [(value, value.Value.Span, "default" + Lines(text, value.Value.Span))];
                case BaseTypeSyntax:
                    return BaseType(text, node);
                case BaseTypeDeclarationSyntax type when type.BaseList is { } bases && type.Identifier.Span.IntersectsWith(error):
                    return [Blank(bases, text, bases.Span)];
                case EnumMemberDeclarationSyntax { EqualsValue: { } value }:
                    return [Blank(value, text, value.Span)];
                case EnumMemberDeclarationSyntax:
                    continue;
                case MemberDeclarationSyntax:
                    return [Blank(node, text, node.Span)];
            }
        }
        return [];
    }

    // The program's own statements are one body: the first throws, the others are gone.
    private static IEnumerable<(SyntaxNode, TextSpan, string)> TopLevel(SyntaxNode root, SourceText text)
    {
        GlobalStatementSyntax[] statements = ((CompilationUnitSyntax)root).Members.OfType<GlobalStatementSyntax>().ToArray();
        TextSpan whole = TextSpan.FromBounds(statements[0].SpanStart, statements[^1].Span.End);
        if (statements is [{ Statement: ThrowStatementSyntax }] || whole.Length == 0)
            return [Blank(root, text, whole)];
        return [(root, whole, "throw null;" + Lines(text, whole))];
    }

    // A base type alone takes its colon along, one of several its comma.
    private static IEnumerable<(SyntaxNode, TextSpan, string)> BaseType(SourceText text, SyntaxNode type)
    {
        var list = (BaseListSyntax)type.Parent!;
        if (list.Types.Count == 1)
            return [Blank(list, text, list.Span)];
        int index = list.Types.IndexOf((BaseTypeSyntax)type);
        SyntaxToken comma = list.Types.GetSeparator(index == 0 ? 0 : index - 1);
        return [Blank(list, text, index == 0 ? TextSpan.FromBounds(type.SpanStart, comma.Span.End) : TextSpan.FromBounds(comma.SpanStart, type.Span.End))];
    }

    private static bool IsThrowing(BlockSyntax body) => body.ToString().StartsWith(Throw, StringComparison.Ordinal);

    private static bool IsThrowing(ArrowExpressionClauseSyntax arrow) =>
        arrow.Expression is ThrowExpressionSyntax { Expression: LiteralExpressionSyntax { RawKind: (int)SyntaxKind.NullLiteralExpression } };

    private static (SyntaxNode, TextSpan, string) ThrowBlock(SourceText text, BlockSyntax body) =>
        (body, body.Span, Throw + Lines(text, body.Span) + "}");

    private static (SyntaxNode, TextSpan, string) ThrowExpression(SourceText text, ArrowExpressionClauseSyntax arrow) =>
        (arrow, arrow.Expression.Span, "throw null" + Lines(text, arrow.Expression.Span));

    // The line breaks of a span, and spaces for its last line: what follows keeps its place.
    private static string Lines(SourceText text, TextSpan span)
    {
        string blank = Blanked(text, span);
        int last = blank.LastIndexOf('\n');
        return last < 0 ? "" : string.Concat(blank.Where(character => character is '\r' or '\n')) + new string(' ', Math.Max(0, blank.Length - last - 2));
    }

    private static (SyntaxNode, TextSpan, string) Blank(SyntaxNode node, SourceText text, TextSpan span) => (node, span, Blanked(text, span));

    private static string Blanked(SourceText text, TextSpan span)
    {
        var blank = new StringBuilder(text.ToString(span));
        for (int index = 0; index < blank.Length; index++)
        {
            if (blank[index] is not ('\r' or '\n'))
                blank[index] = ' ';
        }
        return blank.ToString();
    }
}
