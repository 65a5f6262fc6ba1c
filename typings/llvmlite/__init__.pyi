"""llvmlite ships no types. These describe the calls that compiler/codegen/objects.py makes, and nothing else of it."""
