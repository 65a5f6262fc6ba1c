"""Import elements -> the project files they bring in: SDK imports, wildcards, lists, duplicates and cycles."""

from __future__ import annotations

from zlib import crc32

from compiler.diagnostics import Diagnostic, Location, Severity
from server.msbuild import globs, paths
from server.msbuild.errors import InvalidProjectFile, invalid
from server.msbuild.escaping import escape, unescape
from server.msbuild.expand import Expander, expand_escaped, expand_text
from server.msbuild.model import ImportTrace, ProjectInstance
from server.msbuild.project_files import ProjectFileCache
from server.msbuild.sdks import SdkPlaces, SdkReference, Toolset, packages_directory, parse_sdk_list, resolve_sdk, wanted_version
from server.msbuild.shredder import split_list
from server.msbuild.tracing import TREE, Recorder
from server.msbuild.xml import XmlAttribute, XmlComment, XmlElement, XmlSyntaxError, XmlText

# The import around which a toolset's extension is imported.
_EXTENDED = ("microsoft.net.sdk", "sdk.targets")


class Importer:
    """Loads imports of one evaluation. Every imported path is a fact of the evaluation, with the place of its first import."""

    def __init__(
        self, toolset: Toolset, cache: ProjectFileCache, instance: ProjectInstance, expander: Expander, recorder: Recorder
    ) -> None:
        self.toolset = toolset
        self.cache = cache
        self.instance = instance
        self.expander = expander
        self.recorder = recorder
        # A restore may be what brings the files that are missing, so it goes on without them.
        restoring = next((value for name, value in instance.global_properties.items() if name.lower() == "msbuildisrestoring"), "")
        self.goes_on_without = restoring.lower() == "true"

    def implicit_imports(self, root: XmlElement) -> tuple[list[XmlElement], list[XmlElement]]:
        """The Import elements that the Sdk attribute and Sdk elements of a project stand for: those at its top and at its bottom."""
        references: list[SdkReference] = []
        attribute = root.attribute("Sdk")
        if attribute is not None and attribute.value.strip():
            parsed = parse_sdk_list(attribute.value)
            if parsed is None:
                raise invalid(
                    "MSB4229",
                    root.at("Sdk"),
                    f'The value "{attribute.value}" is not valid for an Sdk specification. The attribute should be a '
                    "semicolon-delimited list of "
                    "Sdk-name/minimum-version pairs, separated by a forward slash.",
                )
            references += parsed
        references += [
            SdkReference(child.value("Name"), child.value("Version"), child.value("MinimumVersion"))
            for child in root.elements()
            if child.name == "Sdk"
        ]
        top = [_import_element(reference, "Sdk.props", root) for reference in references]
        bottom = [_import_element(reference, "Sdk.targets", root) for reference in references]
        return top, bottom

    def load(self, element: XmlElement) -> list[XmlElement]:
        """The roots of the files that `element` imports now; its condition is already known to hold. Raises InvalidProjectFile."""
        project = element.value("Project")
        if element.attribute("Sdk") is None:
            return self._load_expression(element, project, project)
        reference = self._expanded_reference(element)
        variables = self.expander.surroundings.variables
        places = SdkPlaces(self.instance.property("MSBuildSDKsPath"), packages_directory(variables), self.instance.directory)
        resolved = resolve_sdk(reference, self.toolset, places, self.expander.files)
        if resolved is None:
            self._report_missing_sdk(element, reference, wanted_version(reference, places, self.expander.files))
            raise invalid("MSB4236", element.at("Sdk"), f"The SDK '{reference}' specified could not be found.")
        if resolved.has_other_version and self.recorder.fact("other version", reference.name.lower()) is None:
            self.recorder.tell("other version", reference.name.lower(), True)  # noqa: FBT003
            self._warn(
                element,
                "MSB4241",
                f'The SDK reference "{reference.name}" version "{reference.version}" was resolved to version "" instead.  '
                "You could be using a different version than expected if you do not update the referenced version to match.",
            )
        roots = [] if resolved.missing_pack is None else [_missing_pack_project(element, self.instance.path, *resolved.missing_pack)]
        for folder in resolved.folders:
            roots += self._load_expression(element, paths.combine(folder, project), project)
        return self._extended(element, roots) if (reference.name.lower(), project.lower()) == _EXTENDED else roots

    def _extended(self, element: XmlElement, roots: list[XmlElement]) -> list[XmlElement]:
        """The roots with those of the toolset's extension before and after them, where it has one."""
        folder = self.toolset.extension_directory
        if not folder or not roots:
            return roots
        before, after = (paths.combine(folder, name) for name in ("BeforeSdk.targets", "AfterSdk.targets"))
        parts = [self._load_file(element, before, before, before), *roots, self._load_file(element, after, after, after)]
        return [part for part in parts if part is not None]

    def _expanded_reference(self, element: XmlElement) -> SdkReference:
        def text(name: str) -> str:
            return expand_text(self.expander, element.value(name), element.at("Sdk"))

        return SdkReference(text("Sdk"), text("Version"), text("MinimumVersion"))

    def _report_missing_sdk(self, element: XmlElement, reference: SdkReference, version: str) -> None:
        lines = (
            f'Could not resolve SDK "{reference.name}". Exactly one of the probing messages below indicates why we could not resolve '
            "the SDK. Investigate and resolve that message to correctly specify the SDK.",
            '  SDK resolver "Microsoft.DotNet.MSBuildWorkloadSdkResolver" returned null.',
            "  The NuGetSdkResolver did not resolve this SDK because there was no version specified in the project or global.json."
            if not version
            else f"  The package {reference.name} {version} is not in the packages folder.",
        )
        self.instance.diagnostics.append(Diagnostic("", Severity.ERROR, "\n".join(lines), element.location))

    def _load_expression(self, element: XmlElement, expression: str, shown: str) -> list[XmlElement]:
        expanded = expand_escaped(self.expander, expression, element.at("Project"))
        if not expanded.strip():
            if self.goes_on_without:
                self.trace(element, "", shown, "the expression evaluating to an empty string")
                return []
            raise invalid("MSB4020", element.location, 'The value "" of the "Project" attribute in element <Import> is invalid.')
        directory = paths.directory_name(element.file) or "/"
        roots: list[XmlElement] = []
        for part in split_list(expanded):
            part = paths.fix_file_path(part)
            globs.refuse_everything(part, directory, "Import", "Project", element.location)
            if globs.has_wildcards(part):
                self.instance.globs.append((directory, unescape(part)))
            matches = list(globs.expand_glob(part, directory, (), self.expander.files))
            if not matches:
                self.trace(element, "", shown, "no matching files")
            for found in matches:
                root = self._load_file(element, paths.full_path(unescape(found), directory), shown, expanded)
                if root is not None:
                    roots.append(root)
        return roots

    def _load_file(self, element: XmlElement, path: str, shown: str, expanded: str) -> XmlElement | None:
        if path.lower() == self.instance.path.lower():
            self._warn(
                element,
                "MSB4210",
                f'"{path}" is attempting to import itself, directly or indirectly. This is most likely a build authoring error. '
                "The import will be ignored.",
            )
            return None
        earlier = self.recorder.fact("imported", path.lower())
        if isinstance(earlier, Location):
            suffix = ""
            if earlier.file != self.instance.path and element.file != self.instance.path:
                suffix = f"[{self.instance.path}]"
            self._warn(
                element,
                "MSB4011",
                f'"{path}" cannot be imported again. It was already imported at "{earlier.file} ({earlier.line},{earlier.column})". '
                f"This is most likely a build authoring error. This subsequent import will be ignored. {suffix}".rstrip(),
            )
            return None
        if not self.expander.files.is_file(path):
            self.instance.probed.append(path)
            if self.goes_on_without:
                self.trace(element, "", shown, "the file not existing")
                return None
            raise invalid(
                "MSB4019",
                element.location,
                f'The imported project "{path}" was not found. Confirm that the expression in the Import declaration "{shown}", '
                f'which evaluated to "{expanded}", is correct, and that the file exists on disk.',
            )
        root = self._parse(element, path)
        if root is None:
            self.trace(element, "", shown, "the file being invalid")
            return None
        self.trace(element, path, shown, "")
        self.recorder.asks((TREE, path), root)
        self.recorder.tell("imported", path.lower(), element.location)
        self.instance.imports.append(path)
        return root

    def trace(self, element: XmlElement, path: str, unexpanded: str, reason: str) -> None:
        """Notes that `element` imports `path`, or does not for a reason, when imports are traced."""
        traces = self.instance.import_traces
        if traces is None:
            return
        place = f'"{element.file}" at ({element.line},{element.column})'
        if reason:
            text = f'Project "{unexpanded}" was not imported by {place}, due to {reason}.'
            traces.append(ImportTrace(text, element.location, "", unexpanded, element.value("Sdk")))
        else:
            text = f'Importing project "{path}" into project {place}.'
            traces.append(ImportTrace(text, element.location, path, unexpanded, element.value("Sdk")))

    def trace_false_condition(self, element: XmlElement) -> None:
        """Notes that the condition of an Import (or of its group) does not hold."""
        if self.instance.import_traces is None:
            return
        condition = element.value("Condition")
        evaluated = expand_text(self.expander, condition, element.at("Condition"))
        self.trace(element, "", element.value("Project"), f"false condition; ({condition}) was evaluated as ({evaluated})")

    def _parse(self, element: XmlElement, path: str) -> XmlElement | None:
        """The root of the file; None for one that is no project where that is no mistake."""
        try:
            return self.cache.load(path)
        except XmlSyntaxError as error:
            if self.goes_on_without:
                return None
            raise InvalidProjectFile(
                "MSB4024", f'The imported project file "{path}" could not be loaded. {error.message}', element.location
            ) from None
        except OSError as error:
            raise InvalidProjectFile(
                "MSB4024", f'The imported project file "{path}" could not be loaded. {error.strerror}.', element.location
            ) from None

    def _warn(self, element: XmlElement, code: str, message: str) -> None:
        self.instance.diagnostics.append(Diagnostic(code, Severity.WARNING, message, element.location))


def _missing_pack_project(element: XmlElement, importing: str, name: str, version: str) -> XmlElement:
    """What stands in for an SDK that is a pack of a workload that is not installed: a project with the item that says so."""
    path = f"{importing}.SdkResolver.{crc32(f'{name}/{version}'.encode())}.proj"

    def made(tag: str, attributes: list[XmlAttribute], children: list[XmlElement | XmlText | XmlComment]) -> XmlElement:
        return XmlElement(tag, path, 0, 0, attributes, children, empty_tag=False, namespace=element.namespace)

    item = made(
        "MissingWorkloadPack", [XmlAttribute("Include", escape(name), 0, 0)], [made("Version", [], [XmlText(escape(version), cdata=False)])]
    )
    return made("Project", [], [made("ItemGroup", [], [item])])


def _import_element(reference: SdkReference, project: str, root: XmlElement) -> XmlElement:
    """An Import element as it would stand in the file for an SDK. It stands nowhere, and what it leads to is reported for the file."""
    values = {"Project": project, "Sdk": reference.name, "Version": reference.version, "MinimumVersion": reference.minimum_version}
    attributes = [XmlAttribute(name, value, 0, 0) for name, value in values.items() if value]
    return XmlElement("Import", root.file, 0, 0, attributes, [], empty_tag=True, namespace=root.namespace)
