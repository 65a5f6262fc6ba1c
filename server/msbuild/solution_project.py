"""A solution -> the project that builds it: one MSBuild call over its projects per target, and one target per project.

The elements carry no positions: errors name `NAME.sln.metaproj`, as MSBuild's own generated project is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.msbuild import paths
from server.msbuild.escaping import escape
from server.msbuild.files import FileSystem
from server.msbuild.solution import Solution, SolutionProject
from server.msbuild.xml import XmlAttribute, XmlElement, XmlText

_STANDARD = ("Build", "Clean", "Rebuild", "Publish")
_INITIAL = "ValidateSolutionConfiguration;ValidateToolsVersions;ValidateProjects"
_PASSED_ON = (
    "BuildingSolutionFile=true; CurrentSolutionConfigurationContents=$(CurrentSolutionConfigurationContents); SolutionDir=$(SolutionDir); "
    "SolutionExt=$(SolutionExt); SolutionFileName=$(SolutionFileName); SolutionName=$(SolutionName); SolutionPath=$(SolutionPath)"
)


def solution_project(solution: Solution, targets: Sequence[str], properties: Mapping[str, str], files: FileSystem) -> XmlElement:
    """The root element of the generated project. `targets` are the names asked for, `properties` the global ones."""
    given = {name.lower(): value for name, value in properties.items()}
    default_name, default_platform = solution.default_configuration()
    name, platform = given.get("configuration") or default_name, given.get("platform") or default_platform
    configuration = f"{name}|{platform}"
    build = _Builder(f"{solution.path}.metaproj")
    children: list[XmlElement] = []
    folder = paths.directory_name(solution.path) or "/"
    children.append(build.toolset_import("Before"))
    children += build.imports(folder, files, (f"before.{paths.file_name(solution.path)}.targets",))
    children += build.directory_file(folder, files, "Directory.Solution.props")
    children.append(build.properties(_properties(solution, name, platform)))
    children += build.projects(solution, configuration)
    children.append(build.validation(solution, configuration))
    children.append(build.element("Target", {"Name": "ValidateToolsVersions"}))
    children.append(build.validated_projects(solution, configuration))
    for target in dict.fromkeys([*_STANDARD, *(one for one in targets if one not in _STANDARD)]):
        project, _, inner = target.partition(":")
        named = next((one for one in solution.projects if _target_name(one).lower() == project.lower()), None)
        if named is not None:
            children.append(build.project_target(target, named, configuration, inner))
        else:
            children.append(build.solution_target(target))
    # What the toolset brings goes before the targets generated above: its Restore is one for all projects.
    children.append(build.toolset_import("After"))
    children += build.directory_file(folder, files, "Directory.Solution.targets")
    children += build.imports(folder, files, (f"after.{paths.file_name(solution.path)}.targets",))
    return build.element("Project", {"DefaultTargets": "Build", "InitialTargets": _INITIAL}, children)


def _properties(solution: Solution, name: str, platform: str) -> dict[str, str]:
    path = solution.path
    contents = "".join(
        f'<ProjectConfiguration Project="{project.identifier}" AbsolutePath="{project.path}" '
        f'BuildProjectInSolution="{entry.builds}">{entry.configuration}|{entry.platform}</ProjectConfiguration>'
        for project in solution.projects
        if (entry := project.configurations.get(f"{name}|{platform}".lower())) is not None
    )
    return {
        "Configuration": name,
        "Platform": platform,
        "SolutionDir": paths.ensure_trailing_slash(paths.directory_name(path) or "/"),
        "SolutionExt": paths.extension(path),
        "SolutionFileName": paths.file_name(path),
        "SolutionName": paths.file_name_without_extension(path),
        "SolutionPath": path,
        "CurrentSolutionConfigurationContents": f"<SolutionConfiguration>{contents}</SolutionConfiguration>",
    }


def _target_name(project: SolutionProject) -> str:
    """The target that builds one project: its unique name with characters that names of targets may not have replaced."""
    return "".join("_" if character in "%$@;.()'" else character for character in project.unique_name)


class _Builder:
    """Makes elements of one generated file."""

    def __init__(self, file: str) -> None:
        self.file = file

    def element(self, name: str, attributes: Mapping[str, str], children: Sequence[XmlElement] = (), text: str = "") -> XmlElement:
        """An element without a position."""
        made = [XmlAttribute(key, value, 0, 0) for key, value in attributes.items()]
        inside: list[XmlElement] = list(children)
        element = XmlElement(name, self.file, 0, 0, made, [*inside], empty_tag=not inside and not text, namespace="")
        if text:
            element.children.append(XmlText(text, cdata=False))
        return element

    def properties(self, values: Mapping[str, str]) -> XmlElement:
        """A PropertyGroup."""
        return self.element("PropertyGroup", {}, [self.element(name, {}, text=escape(value)) for name, value in values.items()])

    def imports(self, folder: str, files: FileSystem, names: Sequence[str]) -> list[XmlElement]:
        """Imports of the files of these names that are in `folder`."""
        found = [paths.combine(folder, name) for name in names if files.is_file(paths.combine(folder, name))]
        return [self.element("Import", {"Project": escape(path)}) for path in found]

    def toolset_import(self, place: str) -> XmlElement:
        """The import of what the toolset has for solutions, `Before` or `After` their own."""
        folder = f"$(MSBuildExtensionsPath)$(MSBuildToolsVersion)/SolutionFile/Import{place}"
        condition = f"'$(ImportByWildcard{place}Solution)' != 'false' and exists('{folder}')"
        return self.element("Import", {"Project": f"{folder}/*", "Condition": condition})

    def directory_file(self, folder: str, files: FileSystem, name: str) -> list[XmlElement]:
        """The import of the nearest file of that name at or above `folder`."""
        current: str | None = folder
        while current is not None:
            if files.is_file(paths.combine(current, name)):
                return self.imports(current, files, (name,))
            current = paths.directory_name(current)
        return []

    def projects(self, solution: Solution, configuration: str) -> list[XmlElement]:
        """The ProjectReference items that are built in a configuration, what they depend on first."""
        ordered: list[SolutionProject] = []
        by_identifier = {project.identifier: project for project in solution.projects}

        def visit(project: SolutionProject, above: frozenset[str]) -> None:
            if project in ordered or project.identifier in above:
                return
            for identifier in project.dependencies:
                if identifier in by_identifier:
                    visit(by_identifier[identifier], above | {project.identifier})
            ordered.append(project)

        for project in solution.projects:
            entry = project.configurations.get(configuration.lower())
            if entry is not None and entry.builds:
                visit(project, frozenset())
        items = [self._item("ProjectReference", project, configuration) for project in ordered]
        return [self.element("ItemGroup", {}, [item for item in items if item is not None])]

    def _item(self, item_type: str, project: SolutionProject, configuration: str) -> XmlElement | None:
        entry = project.configurations.get(configuration.lower())
        if entry is None:
            return None
        metadata = {
            "AdditionalProperties": f"Configuration={entry.configuration}; Platform={entry.platform}",
            "Configuration": entry.configuration,
            "Platform": entry.platform,
        }
        children = [self.element(name, {}, text=escape(value)) for name, value in metadata.items()]
        return self.element(item_type, {"Include": escape(project.path)}, children)

    def validation(self, solution: Solution, configuration: str) -> XmlElement:
        """The target that refuses a configuration that the solution does not have."""
        known = any(text.lower() == configuration.lower() for text in solution.configurations) or not solution.configurations
        text = (
            f'The specified solution configuration "{configuration}" is invalid. Please specify a valid solution configuration using the '
            'Configuration and Platform properties (e.g. MSBuild.exe Solution.sln /p:Configuration=Debug /p:Platform="Any CPU") or '
            "leave those "
            "properties blank to use the default solution configuration."
        )
        if known:
            task = self.element("Message", {"Text": escape(f'Building solution configuration "{configuration}".')})
        else:
            task = self.element("Error", {"Code": "MSB4126", "Text": escape(text), "Condition": "'$(SkipInvalidConfigurations)' != 'true'"})
        return self.element("Target", {"Name": "ValidateSolutionConfiguration"}, [task])

    def validated_projects(self, solution: Solution, configuration: str) -> XmlElement:
        """The target that warns about projects that say nothing about the configuration."""
        known = any(text.lower() == configuration.lower() for text in solution.configurations)
        missing = [project for project in solution.projects if known and configuration.lower() not in project.configurations]
        messages = [
            self.element(
                "Message",
                {
                    "Text": escape(
                        f'The project configuration for project "{project.name}" was not specified in the solution file for the solution '
                        f'configuration "{configuration}".'
                    )
                },
            )
            for project in missing
        ]
        return self.element("Target", {"Name": "ValidateProjects"}, messages)

    def _call(self, projects: str, targets: str) -> XmlElement:
        attributes = {"Projects": projects, "BuildInParallel": "true", "Properties": _PASSED_ON}
        if targets:
            attributes["Targets"] = targets
        output = self.element("Output", {"TaskParameter": "TargetOutputs", "ItemName": "CollectedBuildOutput"})
        return self.element("MSBuild", attributes, [output])

    def solution_target(self, target: str) -> XmlElement:
        """The target that builds `target` of every project; cleaning goes in the opposite order."""
        projects = "@(ProjectReference->Reverse())" if target.lower() == "clean" else "@(ProjectReference)"
        asked = "" if target.lower() == "build" else escape(target)
        attributes = {"Name": escape(target), "Outputs": "@(CollectedBuildOutput)"}
        return self.element("Target", attributes, [self._call(projects, asked)])

    def project_target(self, target: str, project: SolutionProject, configuration: str, inner: str) -> XmlElement:
        """The target `project` or `project:inner`."""
        item = self._item("_ProjectToBuild", project, configuration)
        group = self.element(
            "ItemGroup", {}, [self.element("_ProjectToBuild", {"Remove": "@(_ProjectToBuild)"}), *([item] if item else [])]
        )
        attributes = {"Name": escape(target), "Outputs": "@(CollectedBuildOutput)"}
        return self.element("Target", attributes, [group, self._call("@(_ProjectToBuild)", escape(inner))])
