#include "doctor/options.hpp"

namespace winnow::tools {

void add_options(CLI::App& app, DoctorOptions& options) {
  app.add_option("model", options.model,
                 "A model file of winnow-export: open it, test it by the pictures it carries, and measure it")
      ->type_name("MODEL");
  CLI::Option* network =
      app.add_flag("--network", options.network,
                   "Also ask hosts for their robots.txt by HTTPS; without it nothing is sent anywhere");
  app.add_option("--host", options.hosts,
                 "Ask this one; default: those that winnow-scrape searches by itself")
      ->allow_extra_args(false)
      ->type_name("HOST")
      ->needs(network);
  app.add_option("--format", options.format, "Form of the report: text or json [text]")
      ->transform(CLI::CheckedTransformer(std::map<std::string, ReportFormat>{{"text", ReportFormat::kText},
                                                                              {"json", ReportFormat::kJson}})
                      .description(""))
      ->type_name("FORM");
}

}  // namespace winnow::tools
