"""What NuGet.Frameworks knows of frameworks by heart: names, equivalences, which framework carries which, portable profiles. Data only.

A framework is written here as its identifier and version, `Windows 8.0`, with a profile behind a slash: `Silverlight 3.0/WindowsPhone`.
"""

from __future__ import annotations

SHORT_NAMES = {
    ".NETCoreApp": "netcoreapp",
    ".NETStandardApp": "netstandardapp",
    ".NETStandard": "netstandard",
    ".NETPlatform": "dotnet",
    ".NETFramework": "net",
    ".NETMicroFramework": "netmf",
    "Silverlight": "sl",
    ".NETPortable": "portable",
    "WindowsPhone": "wp",
    "WindowsPhoneApp": "wpa",
    "Windows": "win",
    "ASP.NET": "aspnet",
    "ASP.NETCore": "aspnetcore",
    "native": "native",
    "MonoAndroid": "monoandroid",
    "MonoTouch": "monotouch",
    "MonoMac": "monomac",
    "Xamarin.iOS": "xamarinios",
    "Xamarin.Mac": "xamarinmac",
    "Xamarin.PlayStation3": "xamarinpsthree",
    "Xamarin.PlayStation4": "xamarinpsfour",
    "Xamarin.PlayStationVita": "xamarinpsvita",
    "Xamarin.WatchOS": "xamarinwatchos",
    "Xamarin.TVOS": "xamarintvos",
    "Xamarin.Xbox360": "xamarinxboxthreesixty",
    "Xamarin.XboxOne": "xamarinxboxone",
    "DNX": "dnx",
    "DNXCore": "dnxcore",
    ".NETCore": "netcore",
    "WinRT": "winrt",
    "UAP": "uap",
    "Tizen": "tizen",
    ".NETnanoFramework": "netnano",
}

SYNONYMS = {
    "netframework": ".NETFramework",
    ".net": ".NETFramework",
    "netcore": ".NETCore",
    "netportable": ".NETPortable",
    "asp.net": "ASP.NET",
    "asp.netcore": "ASP.NETCore",
    "xamarin.playstationthree": "Xamarin.PlayStation3",
    "xamarinplaystationthree": "Xamarin.PlayStation3",
    "xamarin.playstationfour": "Xamarin.PlayStation4",
    "xamarinplaystationfour": "Xamarin.PlayStation4",
    "xamarinplaystationvita": "Xamarin.PlayStationVita",
}

SHORT_PROFILES = {
    (".NETFramework", "client"): "Client",
    (".NETFramework", "cf"): "CompactFramework",
    (".NETFramework", "full"): "",
    ("Silverlight", "wp"): "WindowsPhone",
    ("Silverlight", "wp71"): "WindowsPhone71",
}

# Folder names that once stood for a .NET Framework version alone.
DEPRECATED_FOLDERS = {
    "45": "4.5",
    "4.5": "4.5",
    "40": "4.0",
    "4.0": "4.0",
    "4": "4.0",
    "35": "3.5",
    "3.5": "3.5",
    "20": "2.0",
    "2": "2.0",
    "2.0": "2.0",
}

ONE_DIGIT_VERSIONS = frozenset({"Windows", "WindowsPhone", "Silverlight"})
DOTTED_VERSIONS = frozenset({".NETCoreApp", ".NETStandard", ".NETnanoFramework"})
PACKAGE_BASED = frozenset({"DNXCore", ".NETPlatform", ".NETStandard", ".NETStandardApp", ".NETCoreApp", "UAP", "Tizen"})

# Groups of frameworks that stand for each other.
EQUIVALENT = (
    ("UAP 0.0", "UAP 10.0"),
    ("Windows 0.0", "Windows 8.0", ".NETCore 4.5", "WinRT 4.5", ".NETCore 0.0", "WinRT 0.0"),
    ("Windows 8.1", ".NETCore 4.5.1"),
    ("WindowsPhone 0.0", "WindowsPhone 7.0", "Silverlight 3.0/WindowsPhone"),
    ("WindowsPhone 7.1", "Silverlight 4.0/WindowsPhone71"),
    ("WindowsPhone 8.0", "Silverlight 8.0/WindowsPhone"),
    ("WindowsPhone 8.1", "Silverlight 8.1/WindowsPhone"),
    ("WindowsPhoneApp 0.0", "WindowsPhoneApp 8.1"),
    ("Tizen 0.0", "Tizen 3.0"),
    ("DNX 0.0", "DNX 4.5", "ASP.NET 0.0", "ASP.NET 5.0"),
    ("DNXCore 0.0", "DNXCore 5.0", "ASP.NETCore 0.0", "ASP.NETCore 5.0"),
    (".NETPlatform 0.0", ".NETPlatform 5.0"),
)

EQUIVALENT_PROFILES = {
    ".NETFramework": (("Client", ""), ("Full", "")),
    "Silverlight": (("WindowsPhone71", "WindowsPhone"),),
    "WindowsPhone": (("WindowsPhone71", "WindowsPhone"),),
}

# A framework that takes what another, its subset, offers in the same version.
SUBSETS = {"DNX": ".NETFramework", "DNXCore": ".NETPlatform", ".NETStandardApp": ".NETStandard"}

# From this version on -> the lowest and the highest framework that it carries.
CARRIES = (
    ("UAP 0.0", "Windows 0.0", "Windows 8.1"),
    ("UAP 0.0", "WindowsPhoneApp 0.0", "WindowsPhoneApp 8.1"),
    ("UAP 0.0", ".NETCore 5.0", ".NETCore 5.0"),
    ("Windows 0.0", "WinRT 0.0", "WinRT 4.5"),
)

# From this version on -> the highest .NET Standard, and the highest .NETPlatform ("" for none).
STANDARDS = (
    ("Tizen 3.0", "1.6", ""),
    ("Tizen 4.0", "2.0", ""),
    ("Tizen 6.0", "2.1", ""),
    ("UAP 10.0.15064", "2.0", ""),
    (".NETCoreApp 1.0", "1.6", ""),
    (".NETCoreApp 1.1", "1.7", ""),
    (".NETCoreApp 2.0", "2.0", ""),
    (".NETCoreApp 3.0", "2.1", ""),
    (".NETFramework 4.6.3", "2.0", ""),
    ("DNXCore 0.0", "1.5", "5.6"),
    ("UAP 0.0", "1.4", "5.5"),
    (".NETCore 5.0", "1.4", "5.5"),
    ("WindowsPhoneApp 8.1", "1.2", "5.3"),
    ("WindowsPhone 8.0", "1.0", "5.1"),
    (".NETFramework 4.5", "1.1", "5.2"),
    (".NETFramework 4.5.1", "1.2", "5.3"),
    (".NETFramework 4.6", "1.3", "5.4"),
    (".NETFramework 4.6.1", "2.0", "5.5"),
    (".NETFramework 4.6.2", "2.0", "5.6"),
    (".NETCore 4.5", "1.1", "5.2"),
    (".NETCore 4.5.1", "1.2", "5.3"),
    ("MonoAndroid 0.0", "2.1", "5.6"),
    ("MonoMac 0.0", "2.1", "5.6"),
    ("MonoTouch 0.0", "2.1", "5.6"),
    ("Xamarin.iOS 0.0", "2.1", "5.6"),
    ("Xamarin.Mac 0.0", "2.1", "5.6"),
    ("Xamarin.PlayStation3 0.0", "2.0", "5.6"),
    ("Xamarin.PlayStation4 0.0", "2.0", "5.6"),
    ("Xamarin.PlayStationVita 0.0", "2.0", "5.6"),
    ("Xamarin.Xbox360 0.0", "2.0", "5.6"),
    ("Xamarin.XboxOne 0.0", "2.0", "5.6"),
    ("Xamarin.TVOS 0.0", "2.1", "5.6"),
    ("Xamarin.WatchOS 0.0", "2.1", "5.6"),
)

# Which of several remaining candidates comes first.
PRECEDENCE = (".NETFramework", ".NETCore", "Windows", "WindowsPhoneApp")
PACKAGE_BASED_PRECEDENCE = (".NETCoreApp", ".NETStandardApp", ".NETStandard", ".NETPlatform")

# Number of a portable profile -> short names of what it runs on.
PORTABLE_PROFILES = {
    31: "win81 wp81",
    32: "win81 wpa81",
    44: "net451 win81",
    84: "wp81 wpa81",
    151: "net451 win81 wpa81",
    157: "win81 wp81 wpa81",
    7: "net45 win8",
    49: "net45 wp8",
    78: "net45 win8 wp8",
    111: "net45 win8 wpa81",
    259: "net45 win8 wpa81 wp8",
    2: "net40 win8 sl4 wp7",
    3: "net40 sl4",
    4: "net45 sl4 win8 wp7",
    5: "net40 win8",
    6: "net403 win8",
    14: "net40 sl5",
    18: "net403 sl4",
    19: "net403 sl5",
    23: "net45 sl4",
    24: "net45 sl5",
    36: "net40 sl4 win8 wp8",
    37: "net40 sl5 win8",
    41: "net403 sl4 win8",
    42: "net403 sl5 win8",
    46: "net45 sl4 win8",
    47: "net45 sl5 win8",
    88: "net40 sl4 win8 wp75",
    92: "net40 win8 wpa81",
    95: "net403 sl4 win8 wp7",
    96: "net403 sl4 win8 wp75",
    102: "net403 win8 wpa81",
    104: "net45 sl4 win8 wp75",
    136: "net40 sl5 win8 wp8",
    143: "net403 sl4 win8 wp8",
    147: "net403 sl5 win8 wp8",
    154: "net45 sl4 win8 wp8",
    158: "net45 sl5 win8 wp8",
    225: "net40 sl5 win8 wpa81",
    240: "net403 sl5 win8 wpa81",
    255: "net45 sl5 win8 wpa81",
    328: "net40 sl5 win8 wpa81 wp8",
    336: "net403 sl5 win8 wpa81 wp8",
    344: "net45 sl5 win8 wpa81 wp8",
}
PROFILES_WITH_OPTIONAL = frozenset(
    {5, 6, 7, 14, 19, 24, 37, 42, 44, 47, 49, 78, 92, 102, 111, 136, 147, 151, 158, 225, 255, 259, 328, 336, 344}
)
OPTIONAL_IN_PROFILES = "monoandroid monotouch xamarinios xamarinmac xamarinwatchos xamarintvos"
# A project of a portable profile takes .NET Standard up to this version.
PROFILE_STANDARDS = {
    7: "1.1",
    31: "1.0",
    32: "1.2",
    44: "1.2",
    49: "1.0",
    78: "1.0",
    84: "1.0",
    111: "1.1",
    151: "1.2",
    157: "1.0",
    259: "1.0",
}
