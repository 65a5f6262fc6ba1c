using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

// Guards in every form of condition: what is proved where.
static class F
{
    [FeatureGuard(typeof(RequiresUnreferencedCodeAttribute))] public static bool Trim => !RuntimeFeature.IsDynamicCodeSupported;
    [FeatureGuard(typeof(RequiresDynamicCodeAttribute))] [FeatureGuard(typeof(RequiresUnreferencedCodeAttribute))] public static bool Both => RuntimeFeature.IsDynamicCodeSupported && Trim;
}

class C
{
    [RequiresUnreferencedCode("x")] static void R() { }
    [RequiresUnreferencedCode("x")] static bool RB() => true;
    [DoesNotReturn] static void Never() => throw null!;
    static void NotIfTrue([DoesNotReturnIf(true)] bool b) { }
    static void NotIfFalse([DoesNotReturnIf(false)] bool b) { }
    class Ctor { public Ctor([DoesNotReturnIf(false)] bool b) { } }
    static void GuardedAssert() { Debug.Assert(F.Trim); R(); }
    static void GuardedIfTrue() { NotIfTrue(!F.Trim); R(); }
    static void GuardedIfFalse() { NotIfFalse(F.Trim); R(); }
    static void GuardedNever() { if (!F.Trim) Never(); R(); }
    static void GuardedCtor() { new Ctor(F.Trim); R(); }
    static void UnAssert() { Debug.Assert(!F.Trim); R(); }
    static void UnIfTrue() { NotIfTrue(F.Trim); R(); }
    static void UnIfFalse() { NotIfFalse(!F.Trim); R(); }
    static void UnNever() { if (F.Trim) Never(); R(); }
    static void And() { if (F.Trim && RuntimeFeature.IsDynamicCodeSupported) R(); }
    static void NotAnd() { if (!(F.Trim && RuntimeFeature.IsDynamicCodeSupported)) throw null; R(); }
    static void Or() { if (F.Trim || RuntimeFeature.IsDynamicCodeSupported) R(); }
    static void OrNot() { if (!F.Trim || !RuntimeFeature.IsDynamicCodeSupported) throw null; R(); }
    static void NotOr() { if (!(F.Trim || RuntimeFeature.IsDynamicCodeSupported)) throw null; R(); }
    static void AndNot() { if (!F.Trim && !RuntimeFeature.IsDynamicCodeSupported) throw null; R(); }
    static void TrueEquals() { if (true == F.Trim) R(); }
    static void FalseEquals() { if (false == F.Trim) throw null; R(); }
    static void IsNotTrue() { if (F.Trim is not true) throw null; R(); }
    static void Ternary() { var a = F.Trim ? RB() : true; var b = !F.Trim ? true : RB(); var c = F.Trim ? true : RB(); }
    static void Try() { try { if (!F.Trim) throw null; R(); } finally { R(); } }
    static void Catch() { try { if (!F.Trim) return; } catch { R(); } R(); }
    static void Loop() { while (F.Trim) R(); R(); }
    static void For() { for (int i = 0; F.Trim && i < 3; i++) R(); }
    static void Switch() { switch (F.Trim) { case true: R(); break; default: R(); break; } }
    static void AfterNever() { Never(); R(); }
    static void Asserts(Type t) { Debug.Assert(F.Trim); Debug.Assert(t != null, "m"); R(); t.GetMethods(); }
    static void Both() { if (F.Both) R(); }
    static void Coalesce(bool? b) { if (b ?? F.Trim) R(); }
    static bool Expr => F.Trim && RB();
    static void Goto() { if (!F.Trim) goto end; R(); end: ; }
    static void Local() { if (F.Trim) { void L() => R(); L(); } }
    static void Using() { if (F.Trim) using (new System.IO.MemoryStream()) R(); }
    static void Lock() { if (!F.Trim) throw null; lock (new object()) { R(); } }
    static void Foreach(int[] xs) { if (!F.Trim) return; foreach (var x in xs) R(); }
    static void Not2() { if (!!F.Trim) R(); }
    static void XorEq() { if (F.Trim ^ false) R(); }
    static void SwitchExpr() { var x = F.Trim switch { true => RB(), _ => false }; }
    static void Pattern() { if (F.Trim is true and not false) R(); }
    static void When(int n) { switch (n) { case 1 when F.Trim: R(); break; case 2: R(); break; } }
}

static class Program { static void Main() { } }
