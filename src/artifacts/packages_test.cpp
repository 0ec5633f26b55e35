#include "artifacts/packages.hpp"

#include <doctest/doctest.h>

#include "artifacts/preparation.hpp"
#include "artifacts/test_skill.hpp"
#include "base/process.hpp"

namespace hub::artifacts {
namespace {

// Makes packages/…: a wheel, or a source distribution whose build runs what it is given.
constexpr const char* maker = R"(
import io, os, sys, tarfile, zipfile
folder, kind, name, text = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
if kind == "wheel":
    with zipfile.ZipFile(f"{folder}/{name}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as whl:
        if text.isdigit():
            with whl.open(f"{name}.bin", "w", force_zip64=True) as file:
                for _ in range(int(text)):
                    file.write(bytes(1 << 20))
        else:
            whl.writestr(f"{name}.py", text)
        info = f"{name}-1.0.dist-info"
        whl.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        whl.writestr(f"{info}/WHEEL",
                     "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        whl.writestr(f"{info}/RECORD", "")
else:
    backend = (text + "\ndef build_wheel(directory, settings=None, metadata=None):\n"
               "    import zipfile\n"
               f"    wheel = '{name}-1.0-py3-none-any.whl'\n"
               "    with zipfile.ZipFile(directory + '/' + wheel, 'w') as whl:\n"
               f"        whl.writestr('{name}.py', 'built = True')\n"
               f"        info = '{name}-1.0.dist-info'\n"
               f"        whl.writestr(info + '/METADATA', 'Metadata-Version: 2.1\\nName: {name}\\n"
               "Version: 1.0\\n')\n"
               "        whl.writestr(info + '/WHEEL', 'Wheel-Version: 1.0\\n"
               "Root-Is-Purelib: true\\nTag: py3-none-any\\n')\n"
               "        whl.writestr(info + '/RECORD', '')\n"
               "    return wheel\n")
    files = {"pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'backend'\n"
                               "backend-path = ['.']\n",
             "backend.py": backend,
             "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"}
    with tarfile.open(f"{folder}/{name}-1.0.tar.gz", "w:gz") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(content.encode())
            tar.addfile(entry, io.BytesIO(content.encode()))
)";

struct Case {
  TestSkill skill{"import thing\n"};
  fs::path outside = skill.directory.path() / "outside";
  std::vector<std::string> lines;
  PackagesRequest request;

  Case(const std::string& kind, const std::string& text) {
    fs::create_directory(outside);
    const auto made =
        run_process({.arguments = {"python3", "-I", "-c", maker, (skill.source / "wheels").string(),
                                   kind, "thing", text}});
    REQUIRE(made);
    REQUIRE(made->errors == "");
    request.source = skill.source;
    request.target = skill.packages;
    request.downloads = skill.directory.path() / "downloads";
    request.arguments = {"--no-index", "--find-links=wheels", "thing"};
    request.on_line = [this](const std::string& line) { lines.push_back(line); };
  }
};

}  // namespace

TEST_CASE("a wheel that comes with the skill is installed into a folder of the skill's own") {
  Case of("wheel", "value = 7\n");
  REQUIRE(install_packages(of.request));
  CHECK(read_file(of.skill.packages / "thing.py").value() == "value = 7\n");
  CHECK_FALSE(fs::exists(of.skill.packages / ".scratch"));
  CHECK_FALSE(of.lines.empty());
}

TEST_CASE("what has to be built is built, with its writes kept inside") {
  Case of("source", "");
  const auto escape = [&](const fs::path& path) {
    return "try: open('" + path.string() + "', 'w').write('x')\nexcept OSError: print('kept in')\n";
  };
  Case hostile("source", escape(of.outside / "x") + escape(of.skill.source / "x") +
                             escape(of.request.downloads / "x"));
  fs::create_directories(of.request.downloads);
  hostile.request.downloads = of.request.downloads;
  REQUIRE(install_packages(hostile.request));
  CHECK(read_file(hostile.skill.packages / "thing.py").value() == "built = True");
  CHECK(fs::is_empty(of.outside));
  CHECK_FALSE(fs::exists(of.skill.source / "x"));
  CHECK_FALSE(fs::exists(of.request.downloads / "x"));
}

TEST_CASE("a wheel that unpacks to more than is allowed ends with what it is") {
  Case of("wheel", "64");  // MiB of zeros
  of.request.limits.file_bytes = 8U << 20U;
  auto installed = install_packages(of.request);
  REQUIRE_FALSE(installed);
  CHECK(installed.error().reason == "dependencies_exceeded");

  of.request.limits.file_bytes = 1U << 30U;
  of.request.limits.disk_bytes = 8U << 20U;
  installed = install_packages(of.request);
  REQUIRE_FALSE(installed);
  CHECK(installed.error().reason == "dependencies_exceeded");
}

TEST_CASE("a package that is not there ends with what pip said") {
  Case of("wheel", "value = 7\n");
  of.request.arguments.back() = "nothing-of-that-name";
  const auto installed = install_packages(of.request);
  REQUIRE_FALSE(installed);
  CHECK(installed.error().reason == "dependencies_failed");
  CHECK(boost::json::serialize(installed.error().details).find("nothing-of-that-name") !=
        std::string::npos);
}

TEST_CASE("a skill is prepared with its packages, tried with them, and its tests are run") {
  Case of("wheel", "value = 7\n");
  of.skill.write("skill.yaml",
                 "name: lamp\nversion: 1.0.0\ndependencies: [--no-index, --find-links=wheels, "
                 "thing]\n");
  PreparationRequest request;
  request.source = of.skill.source;
  request.vendor = of.skill.packages;
  request.tests = SkillTests::run;
  const auto prepared = prepare(request);
  REQUIRE(prepared);
  CHECK(prepared->dependencies.size() == 3);
  REQUIRE(prepared->warnings.size() == 1);
  CHECK(prepared->warnings[0].find("no tests") != std::string::npos);
}

TEST_CASE("a scenario has nothing to prepare, a skill without handlers nothing to run") {
  const TestSkill skill("");
  fs::remove_all(skill.source / "handlers");
  PreparationRequest request;
  request.source = skill.source;
  request.vendor = skill.packages;
  CHECK(prepare(request).error().reason == "handlers_missing");
  skill.write("scenario.yaml", "id: lamp\nversion: 1.0.0\n");
  request.kind = ArtifactKind::scenario;
  CHECK(prepare(request));
}

}  // namespace hub::artifacts
