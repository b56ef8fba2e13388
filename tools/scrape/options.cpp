#include "scrape/options.hpp"

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

#include <algorithm>

#include "scrape/search.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"
#include "winnow/scraping/label.hpp"
#include "winnow/scraping/shard_filter.hpp"
#include "winnow/scraping/source_terms.hpp"

namespace winnow::tools {
namespace {

constexpr const char* kRobotsToken = ScrapeOptions::kName;

// It goes into a header of every request, and between brackets there.
std::string contact_problem(const std::string& contact) {
  const bool plain = std::all_of(contact.begin(), contact.end(),
                                 [](char c) { return c > 0x20 && c < 0x7f && c != '(' && c != ')'; });
  const bool reachable = contact.find('@') != std::string::npos || contact.find("://") != std::string::npos;
  return plain && reachable ? "" : "has to be a mail address or a URL where people can reach you";
}

void add_inputs(CLI::App& app, ScrapeOptions& options) {
  app.add_option("-o,--output", options.output,
                 "The image set: a folder to make, or with --resume to go on with; with --find-only the "
                 "list, - for stdout")
      ->required()
      ->type_name("DIR");
  app.add_option("--label", options.labels,
                 "What the pictures show; names their folder. One before each --query or --page")
      ->allow_extra_args(false)
      ->type_name("NAME");
  app.add_option("--page", options.pages,
                 "Take the pictures of this HTML page and of those that follow it (rel=next)")
      ->allow_extra_args(false)
      ->type_name("URL");
  app.add_option(
         "--urls", options.urls,
         "Take the pictures of this list: txt, or csv, tsv or jsonl with columns url and perhaps label, "
         "page_url, title, creator, license")
      ->type_name("FILE");
  app.add_option("--from", options.from,
                 "Take the pictures of this folder or tar archive; the folder of each names its label")
      ->type_name("PATH");
  app.add_option(
         "--query", options.queries,
         "Search for these words; without --query, --page, --urls or --from, for the labels themselves")
      ->allow_extra_args(false)
      ->type_name("WORDS");
  app.add_flag("--find-only", options.find_only,
               "Fetch no pictures, but write a list of what is found, for --urls");
  app.add_option(
         "--shard", options.shard,
         "Of --urls, take the i-th of n parts, so that n machines can share a list; each host is in one part")
      ->type_name("I/N");
  app.add_flag("--resume", options.resume,
               "Go on with an image set: fetch what is new and what failed before");
}

void add_search(CLI::App& app, ScrapeOptions& options) {
  app.add_option("--source", options.sources, "Where to search: names from the table below, commas between")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAMES")
      ->default_str("commons,openverse");
  std::vector<std::string> policies;
  for (const auto policy : {scraping::LicencePolicy::kPublicDomain, scraping::LicencePolicy::kFree,
                            scraping::LicencePolicy::kNonCommercial, scraping::LicencePolicy::kAny}) {
    policies.emplace_back(scraping::policy_name(policy));
  }
  app.add_option(
         "--licence", options.licence,
         "Pictures to take: public-domain, free (to use and adapt), noncommercial or any. Default: free "
         "for searches, any for pages and lists")
      ->check(CLI::IsMember(policies).description(""))
      ->type_name("NAME");
  app.add_option(
         "--permission-note", options.permission_note,
         "For sources whose terms rule training out: who has allowed it, and where. Goes into the manifest")
      ->type_name("TEXT");
  for (const scraping::SourceTerms& source : scraping::source_terms()) {
    if (!source.needs_key) continue;
    app.add_option(fmt::format("--{}-key", source.name), options.keys[std::string(source.name)],
                   "Key for this source; better set as " + key_variable(source.name))
        ->type_name("KEY");
  }
}

void add_maintenance(CLI::App& app, ScrapeOptions& options) {
  app.add_flag("--verify", options.verify,
               "Fetch nothing, but compare the image set with its manifest and list what is not as it was");
  app.add_option(
         "--remove-list", options.remove_list,
         "Fetch nothing, but delete for good the pictures that this list names, one a line: by address, "
         "page, SHA-256 or file")
      ->type_name("FILE");
  app.add_option(
         "--merge", options.merge,
         "Fetch nothing, but add the pictures of this image set, such as a part that another machine has "
         "fetched, without those that are there already")
      ->allow_extra_args(false)
      ->type_name("DIR");
  app.add_option("--shards", options.shards,
                 "Fetch nothing, but write the image set as WebDataset tar shards into this new folder")
      ->type_name("DIR");
}

void add_requirements(CLI::App& app, ScrapeOptions& options) {
  app.add_option("--count", options.collect.count, "Pictures to keep for each label; 0 is all")
      ->check(CLI::NonNegativeNumber.description(""))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--min-side", options.collect.requirements.min_side,
                 "Drop pictures whose shorter side has fewer pixels")
      ->check(CLI::Range(1, 100'000).description(""))
      ->type_name("PX")
      ->capture_default_str();
  app.add_option("--max-bytes", options.collect.max_bytes, "Give up a picture larger than this")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--max-pixels", options.collect.requirements.max_pixels,
                 "Drop pictures of more pixels (width x height)")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--max-pages", options.page.max_pages, "Pages to read for each --page, itself included")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("N")
      ->capture_default_str();
  app.add_option(
         "--same-bits", options.collect.same_picture_bits,
         "Pictures whose 64-bit perceptual hashes differ in this many bits or fewer are the same picture; "
         "-1 compares bytes only")
      ->check(CLI::Range(-1, 7).description(""))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--depth", options.page.depth,
                 "Links to follow from each --page to other pages of its host, one after another")
      ->check(CLI::Range(0, 100).description(""))
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("--no-dedupe", options.no_dedupe,
               "Keep a picture also under a second label; within a label it is always kept once");
}

void add_storage(CLI::App& app, ScrapeOptions& options) {
  scraping::StorageOptions& storage = options.collect.storage;
  app.add_option(
         "--max-side", storage.max_side,
         "Make pictures smaller whose longer side has more pixels; they become JPEGs. 0 is as they came")
      ->check(CLI::Range(0, 65'000).description(""))
      ->type_name("PX")
      ->capture_default_str();
  app.add_option("--quality", storage.quality, "Of the JPEGs that are made")
      ->check(CLI::Range(1, 100).description(""))
      ->type_name("Q")
      ->capture_default_str();
  app.add_flag("--keep-exif", storage.keep_exif,
               "Keep EXIF and other metadata, and leave pictures that lie on their side so");
}

void add_manners(CLI::App& app, ScrapeOptions& options) {
  app.add_option("--contact", options.contact,
                 "Your mail address or URL, told to servers so that they can reach you")
      ->check(CLI::Validator(contact_problem, ""))
      ->type_name("MAIL");
  app.add_option("--connections", options.client.max_connections, "Transfers at a time, over all hosts")
      ->check(CLI::Range(1, 4096).description(""))
      ->type_name("N")
      ->capture_default_str();
  app.add_flag(
      "--no-politeness", options.no_politeness,
      fmt::format("Do without the limits for each host of {} transfers at a time and {:.3g} s between "
                  "requests, without robots.txt and opt-outs; for your own servers",
                  options.client.limits.concurrent,
                  std::chrono::duration<double>(options.client.limits.interval).count()));
  app.add_flag("--allow-private", options.allow_private,
               "Fetch also from private, loopback and other special addresses");
}

// What finding and fetching apart from each other rules out.
void check_parts(const ScrapeOptions& options) {
  if (!options.shard.empty() && !scraping::parse_shard(options.shard)) {
    throw Error(ErrorKind::kUsage, "--shard", "has to be like 2/8: which part, from 1, and of how many");
  }
  if (!options.shard.empty() && options.urls.empty()) {
    throw Error(ErrorKind::kUsage, "--shard",
                "goes with --urls: find first, with --find-only, then fetch the list in parts");
  }
  if (!options.find_only) return;
  if (!options.urls.empty() || !options.from.empty()) {
    throw Error(ErrorKind::kUsage, "--find-only",
                "goes with searches and pages; a list has been found already");
  }
  if (options.resume) throw Error(ErrorKind::kUsage, "--find-only", "does not go with --resume");
}

}  // namespace

void add_options(CLI::App& app, ScrapeOptions& options) {
  add_inputs(app, options);
  add_search(app, options);
  add_requirements(app, options);
  add_storage(app, options);
  add_manners(app, options);
  add_maintenance(app, options);
}

void check(const ScrapeOptions& options) {
  const int kinds = (options.urls.empty() ? 0 : 1) + (options.pages.empty() ? 0 : 1) +
                    (options.queries.empty() ? 0 : 1) + (options.from.empty() ? 0 : 1);
  const int maintenance = int{options.verify} + int{!options.remove_list.empty()} +
                          int{!options.shards.empty()} + int{!options.merge.empty()};
  if (maintenance > 1 || (maintenance == 1 && (kinds > 0 || !options.labels.empty()))) {
    throw Error(ErrorKind::kUsage, "",
                "--verify, --remove-list, --shards and --merge stand alone, each without anything to scrape");
  }
  if (maintenance == 1) return;
  if (kinds == 0 && options.labels.empty()) {
    throw Error(ErrorKind::kUsage, "", "nothing to scrape; give --label, --page, --urls or --from");
  }
  if (kinds > 1) {
    throw Error(
        ErrorKind::kUsage, "",
        "--query, --page, --urls and --from do not go together; run twice, the second time with --resume");
  }
  check_parts(options);
  if (is_search(options)) check_search(options);
  if (!options.pages.empty() && options.labels.size() != options.pages.size()) {
    throw Error(ErrorKind::kUsage, "",
                fmt::format("each --page needs a --label of its own; there are {} and {}",
                            options.pages.size(), options.labels.size()));
  }
  if (!options.urls.empty() && options.labels.size() > 1) {
    throw Error(ErrorKind::kUsage, "--label",
                "only one goes with --urls; the list can name others in a column \"label\"");
  }
  if (!options.from.empty() && options.labels.size() > 1) {
    throw Error(ErrorKind::kUsage, "--label", "only one goes with --from, for files that lie in no folder");
  }
  for (const std::string& label : options.labels) {
    scraping::check_label(fmt::format("--label \"{}\"", printable(label, 100)), label);
  }
}

net::HttpClientOptions client_options(const ScrapeOptions& options) {
  net::HttpClientOptions client = options.client;
  client.user_agent = "winnow-scrape/" WINNOW_VERSION;
  if (!options.contact.empty()) client.user_agent += " (" + options.contact + ")";
  if (options.allow_private) client.refuse = nullptr;
  if (options.no_politeness) {
    client.limits = {0, std::chrono::milliseconds(0)};
  } else {
    client.robots_token = kRobotsToken;
  }
  return client;
}

scraping::CollectOptions collect_options(const ScrapeOptions& options) {
  scraping::CollectOptions collect = options.collect;
  collect.dedupe_across_labels = !options.no_dedupe;
  if (!options.no_politeness) collect.robots_token = kRobotsToken;
  return collect;
}

scraping::PageOptions page_options(const ScrapeOptions& options) {
  scraping::PageOptions page = options.page;
  if (!options.no_politeness) page.robots_token = kRobotsToken;
  return page;
}

std::vector<scraping::PageSeed> page_seeds(const ScrapeOptions& options) {
  std::vector<scraping::PageSeed> seeds;
  for (std::size_t i = 0; i < options.pages.size(); ++i) {
    Result<net::Url> url = net::Url::parse(options.pages[i]);
    if (!url) {
      throw Error(ErrorKind::kUsage, "",
                  fmt::format("--page {} {}", printable(options.pages[i], 200), url.failure().message));
    }
    seeds.push_back({options.labels[i], std::move(*url)});
  }
  return seeds;
}

}  // namespace winnow::tools
