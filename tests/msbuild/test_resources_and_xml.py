"""Resources and XML tasks: .resx to .resources, names of embedded resources, style sheets, what projects tell each other."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from server.build.console_logger import ConsoleLogger
from server.build.events import BuildLog
from server.build.resource_values import Format, PrimitiveValue, StreamValue, TypedValue, Value
from server.build.resources_file import write_resources
from server.build.resx import ResxError, read_resource_text, read_resx
from server.build.session import BuildSession
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import own_toolset


def run(folder: Path, body: str) -> list[str]:
    """The lines that a target with `body` prints."""
    (folder / "a.proj").write_text(f'<Project><Target Name="T">{body}</Target></Project>', encoding="utf-8")
    lines: list[str] = []
    evaluator = ProjectEvaluator({}, str(folder), toolset=own_toolset())
    BuildSession(evaluator, BuildLog([ConsoleLogger(1, lines.append)])).build(str(folder / "a.proj"), {}, ["T"])
    return [line.strip() for line in lines]


def values(content: bytes) -> dict[str, bytes]:
    """Name -> type code and bytes, read as ResourceReader does it."""
    magic, version, skipped = struct.unpack_from("<Iii", content)
    assert (magic, version) == (0xBEEFCACE, 1)
    at = 12 + skipped
    kind, n_names, n_types = struct.unpack_from("<iii", content, at)
    assert (kind, n_types) == (2, 0)
    at = (at + 12 + 7) // 8 * 8
    hashes = struct.unpack_from(f"<{n_names}i", content, at)
    assert list(hashes) == sorted(hashes)
    positions = struct.unpack_from(f"<{n_names}i", content, at + 4 * n_names)
    names_at = at + 8 * n_names + 4
    (data_at,) = struct.unpack_from("<i", content, names_at - 4)
    found: dict[str, bytes] = {}
    for position in positions:
        start = names_at + position
        length = content[start]
        name = content[start + 1 : start + 1 + length].decode("utf-16-le")
        (offset,) = struct.unpack_from("<i", content, start + 1 + length)
        found[name] = content[data_at + offset :]
    return found


def test_resources_round_trip() -> None:
    """Texts, bytes, streams and null, found by their hashes."""
    source: dict[str, Value] = {"Hello": "Grüße", "raw": b"\1\2", "stream": StreamValue(b"\3"), "none": None, "": "empty"}
    found = values(write_resources(source))
    assert set(found) == set(source)
    assert found["Hello"].startswith(b"\x01\x07" + "Grüße".encode())
    assert found["raw"].startswith(b"\x20\x02\0\0\0\1\2")
    assert found["stream"].startswith(b"\x21\x01\0\0\0\3")
    assert found["none"][:1] == b"\0"


def test_resx() -> None:
    """Values, files and what is not supported."""
    content = (
        b'<root><resheader name="version"><value>2.0</value></resheader><data name="A"><value>a &amp; b</value><comment>c</comment></data>'
        b'<data name="a"><value>later</value></data><data name="F" type="System.Resources.ResXFileRef, System.Windows.Forms">'
        b"<value>sub\\f.txt;System.String, mscorlib;utf-8</value></data></root>"
    )
    assert read_resx(content, lambda path: path.encode()) == {"A": "a & b", "F": "sub/f.txt"}
    for text, code in (("<root>", "MSB3103"), ("<x/>", "MSB3103"), ("<root><data/></root>", "MSB3103")):
        with pytest.raises(ResxError) as raised:
            read_resx(text.encode(), lambda path: path.encode())
        assert raised.value.code == code


def test_typed_values_of_resx() -> None:
    """Primitive values are converted, those of other types keep the name of their type and what its converter needs."""
    rows = {
        "i": ('type="System.Int32, mscorlib"', "-42"),
        "h": ('type="System.UInt16, mscorlib"', "0x10"),
        "b": ('type="System.Boolean, mscorlib"', "True"),
        "c": ('type="System.Char, mscorlib"', "x"),
        "d": ('type="System.Double, mscorlib"', "1.5"),
        "m": ('type="System.Decimal, mscorlib"', "-1.25"),
        "t": ('type="System.TimeSpan, mscorlib"', "1.02:03:04.5"),
        "day": ('type="System.DateTime, mscorlib"', "01/02/2024 03:04:05"),
        "raw": ('type="System.Byte[], mscorlib"', "AQI="),
        "size": ('type="System.Drawing.Size, Alias"', "3, 4"),
        "icon": ('type="System.Drawing.Icon, Alias" mimetype="application/x-microsoft.net.object.bytearray.base64"', "AQ=="),
        "old": ('mimetype="application/x-microsoft.net.object.binary.base64"', "Ag=="),
    }
    body = "".join(f'<data name="{name}" {attributes}><value>{text}</value></data>' for name, (attributes, text) in rows.items())
    text = f'<root><assembly alias="Alias" name="System.Drawing, Version=4.0.0.0" />{body}</root>'
    found = read_resx(text.encode(), lambda path: path.encode())
    day = 638397614450000000
    assert found == {
        "i": PrimitiveValue(8, struct.pack("<i", -42)),
        "h": PrimitiveValue(7, b"\x10\0"),
        "b": PrimitiveValue(2, b"\1"),
        "c": PrimitiveValue(3, b"x\0"),
        "d": PrimitiveValue(13, struct.pack("<d", 1.5)),
        "m": PrimitiveValue(14, struct.pack("<IIII", 125, 0, 0, 0x80020000)),
        "t": PrimitiveValue(16, struct.pack("<q", ((26 * 60 + 3) * 60 + 4) * 10**7 + 5 * 10**6)),
        "day": PrimitiveValue(15, struct.pack("<q", day)),
        "raw": b"\1\2",
        "size": TypedValue("System.Drawing.Size, System.Drawing, Version=4.0.0.0", Format.TYPE_CONVERTER_TEXT, b"3, 4"),
        "icon": TypedValue("System.Drawing.Icon, System.Drawing, Version=4.0.0.0", Format.TYPE_CONVERTER_BYTES, b"\1"),
        "old": TypedValue("System.Resources.Extensions.UnknownType", Format.BINARY_FORMATTER, b"\2"),
    }
    with pytest.raises(ResxError) as raised:
        read_resx(b'<root>\n<data name="I" type="System.Int32, X"><value>many</value></data></root>', lambda path: path.encode())
    assert (raised.value.code, raised.value.line) == ("MSB3103", 2)


def test_resources_in_text_files() -> None:
    """Comments, escapes, names without case."""
    text = b"# comment\n[strings]\nA = one\\ttwo\\u0041\n; other\na=later\nB=\n"
    assert read_resource_text(text) == {"A": "one\ttwoA", "B": ""}
    for wrong, code in (("x\n", "MSB3564"), ("[x]", "MSB3563"), ("=1", "MSB3565"), ("a=\\q", "MSB3566"), ("a=\\u12", "MSB3569")):
        with pytest.raises(ResxError) as raised:
            read_resource_text(wrong.encode())
        assert raised.value.code == code


def test_typed_values_need_the_extensions(tmp_path: Path) -> None:
    """Without a reference to System.Resources.Extensions they are errors of MSBuild's; with it they are written for its reader."""
    (tmp_path / "R.resx").write_text(
        '<root><data name="I" type="System.Drawing.Size, X"><value>1, 2</value></data></root>', encoding="utf-8"
    )
    task = '<GenerateResource Sources="R.resx" OutputResources="R.resources" {} />'
    codes = [line.partition("error ")[2][:7] for line in run(tmp_path, task.format(""))]
    assert codes == ["MSB3823", "MSB3822"]
    with_extensions = 'UsePreserializedResources="true" References="lib/System.Resources.Extensions.dll"'
    assert run(tmp_path, task.format(with_extensions)) == []
    content = (tmp_path / "R.resources").read_bytes()
    assert b"System.Resources.Extensions.DeserializingResourceReader" in content and content.endswith(b"\x40\x03\x041, 2")
    assert "error MSB3824" in run(tmp_path, '<GenerateResource Sources="R.xml" OutputResources="X.resources" />')[0]


def test_manifest_names(tmp_path: Path) -> None:
    """Root namespace, folders as identifiers, the class of the file that a form's resource goes with."""
    (tmp_path / "Form.cs").write_text("// class Wrong\nnamespace A.B;\npublic class Form { }", encoding="utf-8")
    body = (
        '<ItemGroup><R Include="Form.resx" /><R Include="my dir/1.x/t.txt" /><R Include="S.de.resx" Culture="de" /></ItemGroup>'
        '<CreateCSharpManifestResourceName ResourceFiles="@(R)" RootNamespace="Root" UseDependentUponConvention="true">'
        '<Output TaskParameter="ManifestResourceNames" ItemName="N" /></CreateCSharpManifestResourceName>'
        '<Message Importance="high" Text="@(N)" />'
    )
    assert run(tmp_path, body) == ["A.B.Form;Root.my_dir._1.x.t.txt;Root.S.de"]


def test_style_sheet(tmp_path: Path) -> None:
    """Parameters go in, XML comes out as .NET writes it; other files stay out of reach."""
    head = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    (tmp_path / "s.xsl").write_text(
        f'{head}<xsl:param name="p" /><xsl:template match="/"><o v="{{$p}}"><e /></o></xsl:template></xsl:stylesheet>', encoding="utf-8"
    )
    body = (
        '<XslTransformation XmlContent="&lt;a/&gt;" XslInputPath="s.xsl" OutputPaths="o.xml" '
        "Parameters=\"&lt;Parameter Name='p' Value='x' /&gt;\" />"
    )
    assert run(tmp_path, body) == []
    assert (tmp_path / "o.xml").read_bytes() == b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><o v="x"><e /></o>'
    (tmp_path / "s.xsl").write_text(
        f'{head}<xsl:template match="/"><xsl:copy-of select="document(\'secret.xml\')" /></xsl:template></xsl:stylesheet>', encoding="utf-8"
    )
    (tmp_path / "secret.xml").write_text("<secret />", encoding="utf-8")
    run(tmp_path, body)
    assert b"secret" not in (tmp_path / "o.xml").read_bytes()
    assert "error MSB3701: " in run(tmp_path, '<XslTransformation XslContent="x" OutputPaths="o" />')[0]


def test_combined_xml(tmp_path: Path) -> None:
    """What GetTargetFrameworks is made of."""
    body = (
        '<ItemGroup><P Include="A" Value="1" /><P Include="B" Value="" /></ItemGroup>'
        '<CombineTargetFrameworkInfoProperties RootElementName="net9.0" PropertiesAndValues="@(P)" '
        'UseAttributeForTargetFrameworkInfoPropertyNames="true"><Output TaskParameter="Result" PropertyName="R" />'
        '</CombineTargetFrameworkInfoProperties><ItemGroup><E Include="$(R)" /></ItemGroup>'
        '<CombineXmlElements RootElementName="All" XmlElements="@(E)">'
        '<Output TaskParameter="Result" PropertyName="C" /></CombineXmlElements>'
        '<Message Importance="high" Text="$(C)" />'
    )
    lines = ["<All>", '<TargetFramework Name="net9.0">', "<A>1</A>", "<B></B>", "</TargetFramework>", "</All>"]
    assert [line.strip() for line in "\n".join(run(tmp_path, body)).split("\n")] == lines


TYPED = """
        /// <summary>
        ///   Looks up a localized string similar to x &lt; y.
        /// </summary>
        public static string a_b {
            get {
                return ResourceManager.GetString("a b", resourceCulture);
            }
        }
"""


def test_a_class_for_resources(tmp_path: Path) -> None:
    """The class has a property for each resource that can have one, and is made once."""
    (tmp_path / "r.txt").write_text("a b=x < y\nclass=1\nCulture=2\nx.y=3\nx_y=4\n")
    attributes = 'Sources="r.txt" OutputResources="r.resources" StronglyTypedLanguage="C#" StronglyTypedNamespace="N" PublicClass="true"'
    output = '<Output TaskParameter="StronglyTypedFileName" PropertyName="F" />'
    body = f'<GenerateResource {attributes}>{output}</GenerateResource><Message Importance="high" Text="$(F)" />'
    lines = run(tmp_path, body)
    assert [line.partition("warning ")[2][:7] for line in lines[:2]] == ["MSB3827", "MSB3829"] and lines[-1] == "r.cs"
    text = (tmp_path / "r.cs").read_text()
    assert TYPED in text and "static string _class" in text and "x_y" not in text and '("N.r", typeof(r).Assembly)' in text
    assert run(tmp_path, body) == ["r.cs"]
    (tmp_path / "v.txt").write_text("a=1\n")
    run(tmp_path, '<GenerateResource Sources="v.txt" StronglyTypedLanguage="VB" StronglyTypedClassName="V" />')
    assert "Friend Shared ReadOnly Property a() As String" in (tmp_path / "v.vb").read_text()
    assert "MSB3573" in run(tmp_path, '<GenerateResource Sources="r.txt;v.txt" StronglyTypedLanguage="C#" />')[0]
    assert "MSB3572" in run(tmp_path, '<GenerateResource Sources="r.txt" StronglyTypedClassName="X" />')[0]
