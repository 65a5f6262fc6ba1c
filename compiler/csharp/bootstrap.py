"""Sources, references and an output path -> the image of a program that has Roslyn compile them.

The program is one sequence of calls: parse each file, open each reference, take the options from Roslyn's own
command-line parser, emit, print the diagnostics, return 0 when it succeeded. It is run once per tool chain.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from compiler.csharp.bootstrap_image import BOOLEAN, INT32, OBJECT, STRING, VOID, Image, TypeRef, generic

_CORE = "System.Private.CoreLib"
_ROSLYN = "Microsoft.CodeAnalysis"
_CSHARP = "Microsoft.CodeAnalysis.CSharp"
_INSTANCE = b"\x20"


def _ldstr(image: Image, text: str) -> bytes:
    return struct.pack("<BI", 0x72, image.user_string(text))


def _call(token: int) -> bytes:
    return struct.pack("<BI", 0x28, token)


def _callvirt(token: int) -> bytes:
    return struct.pack("<BI", 0x6F, token)


def _ldc(value: int) -> bytes:
    return struct.pack("<Bi", 0x20, value)


_LDARG_0 = b"\x02"
_LDNULL = b"\x14"
_LDC_0 = b"\x16"
_CEQ = b"\xfe\x01"
_POP = b"\x26"
_RET = b"\x2a"


def _array(element: TypeRef, loads: Sequence[bytes]) -> bytes:
    """Code that leaves a new array on the stack, each element pushed by one of `loads`."""
    code = _ldc(len(loads)) + struct.pack("<BI", 0x8D, element.token)
    for index, load in enumerate(loads):
        code += b"\x25" + _ldc(index) + load + b"\xa2"
    return code


def bootstrap_image(name: str, sources: Sequence[Path], references: Sequence[Path], roslyn: Sequence[Path], output: Path) -> bytes:
    """The program as PE bytes. `roslyn` are the assemblies that are loaded before the first call into them.

    The compiled assembly is a deterministic, optimised console program called `name`.
    """
    image = Image("aotd.bootstrap")
    compile_method = image.define_method("Compile", INT32, [], _compile_code(image, name, sources, references, output), 16)
    assembly = image.type_ref(_CORE, "System.Reflection", "Assembly")
    load = image.method_ref(assembly, "LoadFrom", assembly.signature, [STRING])
    code = b"".join(_ldstr(image, str(path)) + _call(load) + _POP for path in roslyn)
    main = image.define_method("Main", INT32, [], code + _call(compile_method) + _RET, 8)
    return image.to_bytes(main)


def _compile_code(image: Image, name: str, sources: Sequence[Path], references: Sequence[Path], output: Path) -> bytes:
    """IL of the method that compiles and prints; it returns 0 on success."""
    compilation = image.type_ref(_CSHARP, _CSHARP, "CSharpCompilation")
    options = image.type_ref(_CSHARP, _CSHARP, "CSharpCompilationOptions")
    tree = image.type_ref(_ROSLYN, _ROSLYN, "SyntaxTree")
    reference = image.type_ref(_ROSLYN, _ROSLYN, "MetadataReference")
    sequence = image.type_ref(_CORE, "System.Collections.Generic", "IEnumerable`1").signature
    create = image.method_ref(
        compilation,
        "Create",
        compilation.signature,
        [STRING, generic(sequence, tree.signature), generic(sequence, reference.signature), options.signature],
    )
    code = _ldstr(image, name) + _array(tree, [_load_tree(image, tree, path) for path in sources])
    code += _array(reference, [_load_reference(image, reference, path) for path in references])
    code += _load_options(image, options, sequence) + _call(create)
    return code + _emit_code(image, sequence, output)


def _load_tree(image: Image, tree: TypeRef, path: Path) -> bytes:
    """Code that pushes the syntax tree of a file."""
    encoding = image.type_ref(_CORE, "System.Text", "Encoding")
    file = image.type_ref(_CORE, "System.IO", "File")
    parse_options = image.type_ref(_CSHARP, _CSHARP, "CSharpParseOptions")
    syntax_tree = image.type_ref(_CSHARP, _CSHARP, "CSharpSyntaxTree")
    token_type, no_cancellation = _no_cancellation(image)
    read = image.method_ref(file, "ReadAllText", STRING, [STRING])
    utf8 = image.method_ref(encoding, "get_UTF8", encoding.signature, [])
    parse = image.method_ref(
        syntax_tree, "ParseText", tree.signature, [STRING, parse_options.signature, STRING, encoding.signature, token_type.signature]
    )
    text = _ldstr(image, str(path)) + _call(read)
    return text + _LDNULL + _ldstr(image, path.name) + _call(utf8) + no_cancellation + _call(parse)


def _load_reference(image: Image, reference: TypeRef, path: Path) -> bytes:
    """Code that pushes the reference to an assembly file."""
    properties = image.type_ref(_ROSLYN, _ROSLYN, "MetadataReferenceProperties", is_value_type=True)
    documentation = image.type_ref(_ROSLYN, _ROSLYN, "DocumentationProvider")
    portable = image.type_ref(_ROSLYN, _ROSLYN, "PortableExecutableReference")
    assembly = image.method_ref(properties, "get_Assembly", properties.signature, [])
    create = image.method_ref(reference, "CreateFromFile", portable.signature, [STRING, properties.signature, documentation.signature])
    return _ldstr(image, str(path)) + _call(assembly) + _LDNULL + _call(create)


def _load_options(image: Image, options: TypeRef, sequence: bytes) -> bytes:
    """Code that pushes the compilation options, as Roslyn's parser makes them from csc's switches."""
    parser = image.type_ref(_CSHARP, _CSHARP, "CSharpCommandLineParser")
    arguments = image.type_ref(_CSHARP, _CSHARP, "CSharpCommandLineArguments")
    string = image.type_ref(_CORE, "System", "String")
    default = image.method_ref(parser, "get_Default", parser.signature, [])
    parse = image.method_ref(
        parser, "Parse", arguments.signature, [generic(sequence, STRING), STRING, STRING, STRING], convention=_INSTANCE
    )
    get_options = image.method_ref(arguments, "get_CompilationOptions", options.signature, [], convention=_INSTANCE)
    switches = ["/target:exe", "/optimize+", "/deterministic+", "/nullable:enable", "/unsafe+", "/out:worker.dll", "worker.cs"]
    code = _call(default) + _array(string, [_ldstr(image, switch) for switch in switches])
    return code + _ldstr(image, "/") + _LDNULL + _LDNULL + _callvirt(parse) + _callvirt(get_options)


def _no_cancellation(image: Image) -> tuple[TypeRef, bytes]:
    """The type of cancellation tokens, and code that pushes the one that never fires."""
    token_type = image.type_ref(_CORE, "System.Threading", "CancellationToken", is_value_type=True)
    return token_type, _call(image.method_ref(token_type, "get_None", token_type.signature, []))


def _emit_code(image: Image, sequence: bytes, output: Path) -> bytes:
    """Code that takes the compilation from the stack, emits it, and returns 0 when that succeeded."""
    result = image.type_ref(_ROSLYN, "Microsoft.CodeAnalysis.Emit", "EmitResult")
    compilation = image.type_ref(_ROSLYN, _ROSLYN, "Compilation")
    resource = image.type_ref(_ROSLYN, _ROSLYN, "ResourceDescription")
    extensions = image.type_ref(_ROSLYN, _ROSLYN, "FileSystemExtensions")
    token_type, no_cancellation = _no_cancellation(image)
    emit = image.method_ref(
        extensions,
        "Emit",
        result.signature,
        [compilation.signature, STRING, STRING, STRING, STRING, generic(sequence, resource.signature), token_type.signature],
    )
    report = image.define_method("Report", INT32, [result.signature], _report_code(image, result, sequence), 8)
    return _ldstr(image, str(output)) + _LDNULL * 4 + no_cancellation + _call(emit) + _call(report) + _RET


def _report_code(image: Image, result: TypeRef, sequence: bytes) -> bytes:
    """Code that prints the diagnostics of its argument, one a line, and returns 0 when it is a success."""
    diagnostic = image.type_ref(_ROSLYN, _ROSLYN, "Diagnostic")
    array = image.type_ref("System.Collections.Immutable", "System.Collections.Immutable", "ImmutableArray`1", is_value_type=True)
    diagnostics = generic(array.signature, diagnostic.signature)
    string = image.type_ref(_CORE, "System", "String")
    console = image.type_ref("System.Console", "System", "Console")
    get_diagnostics = image.method_ref(result, "get_Diagnostics", diagnostics, [], convention=_INSTANCE)
    get_success = image.method_ref(result, "get_Success", BOOLEAN, [], convention=_INSTANCE)
    join = image.method_ref(string, "Join", STRING, [STRING, generic(sequence, b"\x1e\0")], convention=b"\x10\x01")
    write_line = image.method_ref(console, "WriteLine", VOID, [STRING])
    boxed = struct.pack("<BI", 0x8C, image.type_spec(diagnostics)) + struct.pack("<BI", 0x74, image.type_spec(generic(sequence, OBJECT)))
    code = _ldstr(image, "\n") + _LDARG_0 + _callvirt(get_diagnostics) + boxed
    code += _call(image.method_spec(join, OBJECT)) + _call(write_line)
    return code + _LDARG_0 + _callvirt(get_success) + _LDC_0 + _CEQ + _RET
