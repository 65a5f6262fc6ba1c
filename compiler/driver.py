"""The list of passes: one request in, one program out.

read -> universe -> closed world (generating code as it goes) -> units -> objects -> link. Each step is a function of hashed
inputs; what the cache has is not made again.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from compiler.codegen.cache import ObjectCache
from compiler.codegen.generate import Generator
from compiler.codegen.method import CodeItem
from compiler.codegen.objects import Tier, llvm_version
from compiler.codegen.pool import compile_units
from compiler.codegen.program import emit_program
from compiler.codegen.program_roots import add_conditional_roots, add_roots
from compiler.codegen.stubs import missing_natives_unit
from compiler.codegen.units import Unit, make_units, program_unit
from compiler.csharp.errors import ToolchainError
from compiler.diagnostics import Diagnostic, InputError, Severity
from compiler.library_memory import LibraryMemory
from compiler.link.elf import object_symbols
from compiler.link.link import link_program
from compiler.link.runtime_library import runtime_objects
from compiler.link.triples import TARGETS, Target
from compiler.link.zlib_library import needs_zlib, zlib_objects
from compiler.metadata.tokens import Token
from compiler.reach.features import FeatureConstants
from compiler.reach.reflection import ReflectionReach, ReflectionRoots
from compiler.reach.world import World, WorldBuilder
from compiler.request import CompileRequest, CompileResult, Optimization, Progress
from compiler.types.interned import AssemblyFinder
from compiler.types.type_desc import MethodDesc
from compiler.types.universe import EMPTY_CONTEXT, TypeUniverse

_TIERS = {Optimization.DEBUG: Tier.DEBUG, Optimization.BLENDED: Tier.BLENDED, Optimization.SPEED: Tier.SPEED, Optimization.SIZE: Tier.SIZE}


def compile_program(request: CompileRequest, progress: Progress) -> CompileResult:
    """The program of `request`. Bad input becomes diagnostics in the result; then nothing was written."""
    return compile_with_memory(request, progress, LibraryMemory())


def compile_with_memory(request: CompileRequest, progress: Progress, memory: LibraryMemory) -> CompileResult:
    """As `compile_program`, with the same result: `memory` of earlier programs makes it ready sooner."""
    diagnostics: list[Diagnostic] = []
    try:
        return _compile(request, progress, diagnostics, memory)
    except InputError as error:
        return CompileResult(None, None, (*diagnostics, error.to_diagnostic()), 0, 0, 0, 0)


def _compile(request: CompileRequest, progress: Progress, diagnostics: list[Diagnostic], memory: LibraryMemory) -> CompileResult:
    target = TARGETS.get(request.rid)
    if target is None:
        raise InputError("AOTD2107", f"runtime identifier '{request.rid}' is not supported; supported: {', '.join(sorted(TARGETS))}")
    with ThreadPoolExecutor(1) as background:
        runtime = background.submit(runtime_objects, target, request.cache_dir, request.n_workers)
        return _compile_for(request, target, runtime, progress, diagnostics, memory)


def _compile_for(
    request: CompileRequest,
    target: Target,
    pending_runtime: Future[list[Path]],
    progress: Progress,
    diagnostics: list[Diagnostic],
    memory: LibraryMemory,
) -> CompileResult:
    tier = _TIERS[request.optimization]
    progress.step("Reading assemblies")
    universe = memory.universe_for(request, assembly_finder(request))
    entry = find_entry_point(universe, request.app)
    progress.step("Finding what the program reaches")
    generator = Generator(universe, FeatureConstants(universe, request.feature_switches))
    builder = WorldBuilder(universe, memory.remembering(generator))
    roots = ReflectionRoots(request.root_files, request.whole_assemblies, request.feature_switches)
    reflection = ReflectionReach(universe, generator.constants, roots)
    add_roots(universe, builder, entry, [])
    while builder.has_work:
        builder.run(lambda n: progress.count(n, 0))
        add_conditional_roots(universe, builder)
        reflection.step(builder)
    world = builder.world
    diagnostics.extend(generator.diagnostics)
    units = _units(universe, world, entry, request, target)
    runtime = [*pending_runtime.result(), *_compression(world, request, target, progress, diagnostics)]
    units.append(_native_stubs(world, runtime, tier, target, diagnostics))
    cache = ObjectCache(request.cache_dir / "objects")
    missing = [unit for unit in units if not cache.contains(unit.key)]
    _generate(missing, cache, tier, target, request.n_workers, progress)
    progress.step("Linking")
    objects = [cache.path(unit.key) for unit in units]
    link_program([*objects, *runtime], target, request.output, request.symbols, request.cache_dir, strip=request.strip)
    n_methods = sum(unit.n_methods for unit in units)
    n_generated = sum(unit.n_methods for unit in missing)
    size = request.output.stat().st_size
    return CompileResult(request.output, request.symbols, tuple(diagnostics), n_methods, n_generated, n_methods - n_generated, size)


def assembly_finder(request: CompileRequest) -> AssemblyFinder:
    """Finds assemblies: the application, its references, then the class library."""
    paths = {path.stem: path for path in request.references}
    paths[request.app.stem] = request.app

    def find(name: str) -> tuple[str, bytes] | None:
        path = paths.get(name, request.framework_dir / f"{name}.dll")
        try:
            return str(path), path.read_bytes()
        except OSError:
            return None

    return find


def find_entry_point(universe: TypeUniverse, app: Path) -> MethodDesc:
    """The entry point of the application (ECMA-335 II.15.4.1.2). Raises InputError when it has none."""
    module = universe.load(app.stem)
    token = Token(module.image.entry_point)
    if token >> 24 != 0x06 or not token & 0xFFFFFF:
        raise InputError("AOTD2108", f"'{app}' has no entry point")
    entry = universe.resolve_method(module, token, EMPTY_CONTEXT)
    assert isinstance(entry, MethodDesc)
    return entry


def _units(universe: TypeUniverse, world: World, entry: MethodDesc, request: CompileRequest, target: Target) -> list[Unit]:
    tier = _TIERS[request.optimization]
    options = f"{tier.value}\0{target.llvm_triple}\0{llvm_version()}"
    code: dict[tuple[str, object], CodeItem] = {}
    for node, item in world.code.items():
        assert isinstance(item, CodeItem)
        code[node] = item
    units = make_units(code, options, inline=tier is not Tier.DEBUG)
    units.append(program_unit(emit_program(universe, world, entry, request.runtime_knobs), options))
    return units


def _compression(world: World, request: CompileRequest, target: Target, progress: Progress, diagnostics: list[Diagnostic]) -> list[Path]:
    """zlib for a program that compresses. Without its source the program is made all the same, and a warning says what it lacks."""
    if not needs_zlib(list(world.natives)):
        return []
    progress.step("Compiling zlib")
    try:
        return zlib_objects(target, request.cache_dir, request.npm, request.n_workers)
    except ToolchainError as error:
        reason = error.to_diagnostic().message
        message = f"compression (deflate, gzip, zlib, zip) will throw PlatformNotSupportedException in the program: {reason}"
        diagnostics.append(Diagnostic("AOTD2110", Severity.WARNING, message))
        return []


def _native_stubs(world: World, runtime: list[Path], tier: Tier, target: Target, diagnostics: list[Diagnostic]) -> Unit:
    """Throwing code for the runtime calls that have no implementation; each is named in a diagnostic."""
    defined: set[str] = set()
    for path in runtime:
        defined |= object_symbols(path.name, path.read_bytes())[0]
    missing = sorted(name for name in world.natives if name not in defined)
    for name in missing:
        message = f"runtime call '{name}' is not implemented; reaching it throws PlatformNotSupportedException"
        diagnostics.append(Diagnostic("AOTD2109", Severity.HIDDEN, message))
    return missing_natives_unit(missing, f"{tier.value}\0{target.llvm_triple}\0{llvm_version()}")


def _generate(missing: list[Unit], cache: ObjectCache, tier: Tier, target: Target, n_workers: int, progress: Progress) -> None:
    if not missing:
        return
    progress.step("Generating code")
    for done, (unit, data) in enumerate(compile_units(missing, tier, target.llvm_triple, n_workers), 1):
        cache.put(unit.key, data)
        progress.count(done, len(missing))
