"""What the class library expects of its runtime: methods whose bodies the runtime replaces, one table per framework version."""
