#include "doctor/run.hpp"

#include <fmt/ostream.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>

#include "winnow/cli/cache_folder.hpp"
#include "winnow/cli/data_files.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"
#include "winnow/doctor/findings.hpp"
#include "winnow/doctor/installation.hpp"
#include "winnow/doctor/machine.hpp"
#include "winnow/doctor/network.hpp"
#include "winnow/doctor/report.hpp"

namespace winnow::tools {
namespace {

namespace fs = std::filesystem;
using doctor::Folder;

std::vector<Folder> read_folders() {
  std::error_code error;
  fs::path temporary = fs::temp_directory_path(error);
  if (const char* named = std::getenv("TMPDIR"); error && named != nullptr) temporary = named;
  const fs::path working = fs::current_path(error);
  return {doctor::read_folder(Folder::Use::kCache, cli::cache_folder()),
          doctor::read_folder(Folder::Use::kTemporary, temporary),
          doctor::read_folder(Folder::Use::kWorking, working)};
}

}  // namespace

cli::Outcome run(const DoctorOptions& options, cli::ToolContext& context) {
  std::error_code error;
  const doctor::InstallationPaths paths = {
      .programs = fs::read_symlink("/proc/self/exe", error).parent_path(),
      .measure = cli::module_file("winnow-measure"),
      .torch_engine = cli::module_file("libwinnow_torch_engine.so"),
      .weights_folder = cli::data_file("")};
  doctor::Facts facts{.machine = doctor::read_machine(),
                      .folders = read_folders(),
                      .installation = doctor::read_installation(paths, context)};
  if (options.network) facts.hosts = doctor::ask_hosts(options.hosts, context);
  doctor::measure_machine(paths, context, facts);
  if (!options.model.empty()) facts.model = doctor::check_model(options.model, paths, context);

  const std::vector<doctor::Use> uses = doctor::judge_uses(facts);
  const std::vector<doctor::Finding> findings = doctor::examine(facts);
  if (options.format == ReportFormat::kJson) {
    fmt::print(context.out, "{}\n", doctor::to_json(facts, uses, findings).dump(2));
  } else {
    fmt::print(context.out, "{}", doctor::to_text(facts, uses, findings));
  }
  const auto blocking = static_cast<std::uint64_t>(
      std::count_if(findings.begin(), findings.end(), [](const doctor::Finding& f) { return f.blocks; }));
  if (blocking > 0) {
    context.out.flush();
    throw Error(ErrorKind::kUnsupported, "",
                format_count(blocking, "thing") + (blocking == 1 ? " stands" : " stand") + " in the way");
  }
  return cli::Outcome::kDone;
}

}  // namespace winnow::tools
