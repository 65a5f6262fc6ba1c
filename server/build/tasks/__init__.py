"""Built-in tasks, one file each. A task knows its parameters by name and gets everything else from its `TaskCall`."""
