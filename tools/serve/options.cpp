#include "serve/options.hpp"

#include "winnow/core/text.hpp"
#include "winnow/httpd/listen_address.hpp"

namespace winnow::tools {
namespace {

constexpr std::size_t kOne = 1;
constexpr std::size_t kMany = 1'000'000;
constexpr std::size_t kHuge = std::size_t{1} << 40;
constexpr double kLongestSeconds = 86'400;

httpd::ListenAddress parse_address(const char* option, const std::string& text) {
  const Result<httpd::ListenAddress> parsed = httpd::parse_listen_address(text);
  if (!parsed) throw CLI::ValidationError(option, text + " " + parsed.failure().message);
  return *parsed;
}

// "pets:stable=3"
void add_label(std::map<std::string, std::map<std::string, std::uint64_t>>& labels, const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::size_t equals = text.find('=', std::min(colon, text.size()));
  std::uint64_t version = 0;
  const bool whole =
      colon != std::string::npos && equals != std::string::npos && colon > 0 && equals > colon + 1;
  if (!whole || !CLI::detail::lexical_cast(text.substr(equals + 1), version) || version == 0) {
    throw CLI::ValidationError("--label", text + " is not NAME:LABEL=VERSION, such as pets:stable=3");
  }
  labels[text.substr(0, colon)][text.substr(colon + 1, equals - colon - 1)] = version;
}

template <class T>
CLI::Option* add_number(CLI::App& app, const char* name, T& value, const char* what, const char* unit,
                        T least, T most) {
  return app.add_option(name, value, what)
      ->type_name(unit)
      ->check(CLI::Range(least, most).description(""))
      ->capture_default_str();
}

// The default is what the struct says.
template <class Duration>
void add_seconds(CLI::App& app, const char* name, Duration& value, const char* what, double least,
                 double most) {
  app.add_option_function<double>(
         name,
         [&value](double seconds) {
           value = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
         },
         what)
      ->type_name("SECONDS")
      ->check(CLI::Range(least, most).description(""))
      ->default_str(std::to_string(std::chrono::duration_cast<std::chrono::seconds>(value).count()));
}

void add_models(CLI::App& app, ServeOptions& options) {
  app.add_option_function<std::vector<std::string>>(
         "model",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             const Result<serving::ModelSource> source = serving::parse_model_source(text);
             if (!source) throw CLI::ValidationError("MODEL", text + " " + source.failure().message);
             options.models.push_back(*source);
           }
         },
         "Model files of winnow-export, as FILE or NAME=FILE, or folders of VERSION/model.onnx or "
         "NAME/VERSION/model.onnx (model.pt for TorchScript); the first is the one that answers who names "
         "none")
      ->type_name("MODEL");
  app.add_option_function<std::vector<std::string>>(
         "--label",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) add_label(options.site.labels, text);
         },
         "Call a version of a model so, such as stable or canary; the newest and those with a label are open")
      ->type_name("NAME:LABEL=VERSION");
  add_number(app, "--poll", options.poll_seconds,
             "Look this often whether model files have changed, and put new ones to use; 0 never", "SECONDS",
             0.0, kLongestSeconds);
  app.add_option("--cache", options.cache,
                 "Folder in which networks are kept as compiled for this processor, for a quicker start; "
                 "default: winnow in $XDG_CACHE_HOME or ~/.cache")
      ->type_name("DIR");
  app.add_flag("--no-cache", options.no_cache, "Compile networks anew and keep nothing");
}

void add_limits(CLI::App& app, serving::SiteOptions& site) {
  add_number(app, "--max-body", site.server.limits.body_bytes, "Refuse requests with more bytes than this",
             "BYTES", kOne, kHuge);
  add_number(app, "--max-pixels", site.batching.max_pixels, "Refuse pictures with more pixels than this", "N",
             std::uint64_t{kOne}, std::uint64_t{kHuge});
  add_number(app, "--max-connections", site.server.limits.connections,
             "Turn away more clients at a time than this", "N", kOne, kMany);
  add_seconds(
      app, "--idle-seconds", site.server.timeouts.idle,
      "Keep connections on which nothing happens for this long; longer than a proxy in front keeps them",
      0.001, kLongestSeconds);
  add_number(app, "--queue", site.batching.queue,
             "Let this many requests wait for their turn; more are told to come back", "N", kOne, kMany);
  add_number(
      app, "--decode-memory", site.batching.decode_bytes,
      "Let pictures wait that take this much once decoded, by their headers; more are told to come back",
      "BYTES", std::uint64_t{kOne}, std::uint64_t{kHuge});
  add_number(app, "--batch", site.batching.batch, "Compute at most this many pictures together", "N", kOne,
             std::size_t{64});
  add_seconds(app, "--deadline", site.batching.deadline,
              "Answer 504 to a request that has waited this long for its turn", 0.001, kLongestSeconds);
}

void add_tls(CLI::App& app, ServeOptions& options) {
  CLI::Option* certificate =
      app.add_option(
             "--tls-cert", options.tls.certificate,
             "Speak TLS with this certificate: PEM, behind it those that lead to the root; new files are "
             "put to use at once")
          ->type_name("FILE");
  CLI::Option* key =
      app.add_option("--tls-key", options.tls.key, "The key of the certificate: PEM, without a password")
          ->type_name("FILE");
  certificate->needs(key);
  key->needs(certificate);
  app.add_option_function<std::string>(
         "--redirect-http",
         [&options](const std::string& text) { options.redirect = parse_address("--redirect-http", text); },
         "Listen here for plain HTTP too, and send everybody to where TLS is")
      ->type_name("ADDR:PORT")
      ->needs(certificate);
}

void add_proxies(CLI::App& app, httpd::ServerOptions& server) {
  app.add_option_function<std::vector<std::string>>(
         "--trusted-proxy",
         [&server](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) {
             const Result<httpd::Network> network = httpd::parse_network(text);
             if (!network)
               throw CLI::ValidationError("--trusted-proxy", text + " " + network.failure().message);
             server.proxies.networks.push_back(*network);
           }
         },
         "Believe proxies at these addresses whom they ask for; limits and logs go by that")
      ->type_name("NETWORK");
  app.add_option("--proxy-header", server.proxies.header, "Where trusted proxies say so")
      ->type_name("HEADER")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, httpd::ProxyHeader>{
                          {"x-forwarded-for", httpd::ProxyHeader::kForwardedFor},
                          {"forwarded", httpd::ProxyHeader::kForwarded}},
                      CLI::ignore_case)
                      .description("X-Forwarded-For or Forwarded"))
      ->default_str("X-Forwarded-For");
}

void add_protection(CLI::App& app, serving::SiteOptions& site) {
  serving::SecurityOptions& security = site.security;
  constexpr double kFastest = 1e6;
  add_number(app, "--connections-per-client", site.server.limits.connections_per_client,
             "Turn away a client with more connections at a time than this", "N", kOne, kMany);
  add_number(app, "--rate", security.rate,
             "Let a client ask this many times a second in the long run; more is answered 429; 0 any number",
             "N", 0.0, kFastest);
  add_number(app, "--burst", security.burst, "and this many times at once", "N", kOne, kMany);
  CLI::Option* keys =
      app.add_option("--keys", security.keys,
                     "Let in programs that show a key of this file; a new file is put to use at once")
          ->type_name("FILE");
  app.add_flag("--require-key", security.require_key, "Let in no program without a key")->needs(keys);
  app.add_flag("--open-metrics", security.open_metrics,
               "Show /metrics to everybody, and not only to this machine and to keys made for it");
  app.add_option(
         "--gate", security.gate,
         "What who shows no key must pass: none; work, a sum that the page's script solves; or a service of "
         "others: recaptcha, hcaptcha, turnstile")
      ->type_name("GATE")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, serving::Gate>{{"none", serving::Gate::kNone},
                                                           {"work", serving::Gate::kProofOfWork},
                                                           {"recaptcha", serving::Gate::kRecaptcha},
                                                           {"hcaptcha", serving::Gate::kHcaptcha},
                                                           {"turnstile", serving::Gate::kTurnstile}})
                      .description("none, work, recaptcha, hcaptcha or turnstile"))
      ->default_str("none");
  app.add_option("--captcha-site-key", security.captcha_site_key, "What the service calls this site")
      ->type_name("KEY");
  app.add_option("--captcha-secret-file", security.captcha_secret_file,
                 "A file that holds what proves to the service that it is this site that asks")
      ->type_name("FILE");
  app.add_option("--captcha-verify-url", security.captcha_verify_url,
                 "Ask here instead of at the service's own address")
      ->type_name("URL");
  app.add_option(
         "--gate-secret-file", security.work_secret_file,
         "A file that holds what signs the sums, so that several instances take each other's; without "
         "it each has its own")
      ->type_name("FILE");
  add_number(app, "--gate-work", security.work, "How many hashes that sum takes at most", "N",
             std::uint64_t{kOne}, std::uint64_t{100'000'000});
}

void add_keys(CLI::App& app, ServeOptions& options) {
  CLI::Option* keys = app.get_option("--keys");
  CLI::Option* add =
      app.add_option("--add-key", options.add_key,
                     "Instead of serving: make a key, add it to --keys under this name, and print it")
          ->type_name("NAME")
          ->needs(keys);
  app.add_option("--scope", options.scopes, "What the key is good for: classify, metrics; may be repeated")
      ->type_name("SCOPE")
      ->needs(add)
      ->capture_default_str();
  add_number(app, "--quota", options.quota, "How often a day the key may be used; 0 any number", "N",
             std::uint64_t{0}, std::uint64_t{kHuge})
      ->needs(add);
  CLI::Option* revoke = app.add_option("--revoke-key", options.revoke_key,
                                       "Instead of serving: take the key of this name out of --keys")
                            ->type_name("NAME")
                            ->needs(keys)
                            ->excludes(add);
  app.add_flag("--list-keys", options.list_keys,
               "Instead of serving: print the names of --keys and what is known of them")
      ->needs(keys)
      ->excludes(add)
      ->excludes(revoke);
}

// "smtp://winnow@mail.example:587": who signs in, where; smtps:// for TLS from the start.
void set_mail(net::SmtpOptions& smtp, const std::string& text) {
  const bool tls = text.starts_with("smtps://");
  const std::size_t scheme = text.find("://");
  if (!tls && !text.starts_with("smtp://") && !text.starts_with("smtp+plain://"))
    throw CLI::ValidationError("--mail", text + " is not smtp://[USER@]HOST[:PORT]");
  std::string rest = text.substr(scheme + 3);
  if (const std::size_t at = rest.rfind('@'); at != std::string::npos) {
    smtp.username = rest.substr(0, at);
    rest.erase(0, at + 1);
  }
  smtp.security = tls                                 ? net::SmtpSecurity::kTls
                  : text.starts_with("smtp+plain://") ? net::SmtpSecurity::kNone
                                                      : net::SmtpSecurity::kStartTls;
  smtp.port = tls ? 465 : 587;
  const std::size_t colon = rest.rfind(':');
  if (colon != std::string::npos && !CLI::detail::lexical_cast(rest.substr(colon + 1), smtp.port))
    throw CLI::ValidationError("--mail", text + " has no port after the colon");
  smtp.host = rest.substr(0, colon);
  if (smtp.host.empty()) throw CLI::ValidationError("--mail", text + " names no server");
}

void add_storage(CLI::App& app, BatchJobsOptions& jobs) {
  app.add_option("--data", jobs.data,
                 "Let users register and upload batches of pictures; keep all of it in this folder")
      ->type_name("DIR");
  app.add_option("--database", jobs.database,
                 "Keep users and jobs in PostgreSQL, so that several processes can share the work")
      ->type_name("postgresql://...");
  CLI::Option* storage = app.add_option("--storage", jobs.store.location,
                                        "Keep uploads and results with an S3 service, or in this folder")
                             ->type_name("s3://BUCKET[/PREFIX]");
  app.add_option("--s3-endpoint", jobs.store.s3.endpoint, "Address of the S3 service")
      ->type_name("URL")
      ->needs(storage);
  app.add_option("--s3-region", jobs.store.s3.region, "Its region")
      ->type_name("NAME")
      ->needs(storage)
      ->capture_default_str();
  app.add_option("--s3-keys-file", jobs.s3_keys_file, "A file of two lines: access key, secret key")
      ->type_name("FILE")
      ->needs(storage);
  app.add_option_function<std::string>(
         "--s3-cold-class",
         [&jobs](const std::string& name) {
           jobs.store.cold_class = name;
           jobs.store.cold_mode = storage::ColdMode::kStorageClass;
         },
         "Archive by moving results to this storage class, such as GLACIER; otherwise under cold/")
      ->type_name("CLASS")
      ->needs(storage);
}

void add_jobs(CLI::App& app, BatchJobsOptions& jobs) {
  add_storage(app, jobs);
  app.add_option("--role", jobs.role,
                 "What this process does of the service: all; web, the pages; worker, the jobs; lifecycle, "
                 "archive, restore and mail")
      ->type_name("ROLE")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Role>{{"all", Role::kAll},
                                                                      {"web", Role::kWeb},
                                                                      {"worker", Role::kWorker},
                                                                      {"lifecycle", Role::kLifecycle}})
                      .description("all, web, worker or lifecycle"))
      ->default_str("all");
  add_number(app, "--job-slots", jobs.slots, "How many jobs a worker has in work at a time", "N", 1U, 64U);
  add_number(app, "--free-upload", jobs.terms.free_upload_bytes,
             "Refuse larger uploads of users who do not pay", "BYTES", std::uint64_t{kOne},
             std::uint64_t{kHuge});
  add_number(app, "--premium-upload", jobs.terms.premium_upload_bytes, "and of those who do", "BYTES",
             std::uint64_t{kOne}, std::uint64_t{kHuge});
  add_number(app, "--job-pictures", jobs.terms.pictures, "Refuse uploads with more files than this", "N",
             std::int64_t{kOne}, std::int64_t{kMany});
  add_seconds(app, "--archive-after", jobs.terms.archive_after,
              "Archive the results of users who do not pay this long after their job is done", 0.0,
              365 * kLongestSeconds);
  app.add_option("--public-url", jobs.public_url, "How users reach the site, for links in letters")
      ->type_name("URL");
  CLI::Option* mail = app.add_option_function<std::string>(
                             "--mail", [&jobs](const std::string& text) { set_mail(jobs.smtp, text); },
                             "Send letters by this server: smtp:// with STARTTLS, smtps:// or, within one "
                             "machine, smtp+plain://")
                          ->type_name("smtp://[USER@]HOST[:PORT]");
  app.add_option("--mail-from", jobs.smtp.from, "Who sends them")->type_name("ADDRESS")->needs(mail);
  app.add_option("--mail-password-file", jobs.mail_password_file, "A file that holds the user's password")
      ->type_name("FILE")
      ->needs(mail);
  CLI::Option* payments =
      app.add_option("--payments-secret-file", jobs.payments_secret_file,
                     "Let a payment provider say who pays, at /webhooks/stripe, signed with what this file "
                     "holds; without it users choose for themselves")
          ->type_name("FILE");
  app.add_option("--subscribe-link", jobs.subscribe_link, "The provider's page on which users begin to pay")
      ->type_name("URL")
      ->needs(payments);
  app.add_option("--manage-link", jobs.manage_link, "and the one on which they end it")
      ->type_name("URL")
      ->needs(payments);
  add_number(app, "--min-workers", jobs.autoscale.min_workers, "Want no fewer workers than this", "N", 0,
             10'000);
  add_number(app, "--max-workers", jobs.autoscale.max_workers, "Want no more workers than this", "N", 1,
             10'000);
  app.add_subcommand("autoscale-plan",
                     "Instead of serving: print how many workers the queue of --database wants")
      ->fallthrough()
      ->callback([&jobs] { jobs.print_plan = true; });
}

}  // namespace

void add_options(CLI::App& app, ServeOptions& options) {
  serving::SiteOptions& site = options.site;
  add_models(app, options);
  app.add_option_function<std::string>(
         "--listen",
         [&site](const std::string& text) { site.server.listen = parse_address("--listen", text); },
         "Where to listen; port 0 takes any free one, 0.0.0.0 answers other machines too")
      ->type_name("ADDR:PORT")
      ->default_str(httpd::to_string(site.server.listen));
  add_tls(app, options);
  add_proxies(app, site.server);
  add_protection(app, site);
  add_keys(app, options);
  app.add_option(
         "--admin-socket", options.admin_socket,
         "Take commands on this Unix socket, of this user only: status, reload, log-level LEVEL, drain")
      ->type_name("PATH");
  add_limits(app, site);
  add_jobs(app, options.jobs);
  app.add_option("--cors", site.cors_origins,
                 "Let pages of this origin ask from their scripts, such as https://example.org, or * for all")
      ->type_name("ORIGIN");
  app.add_option("--access-log", options.access_log,
                 "Write a line of JSON for each request into this file, or - for standard output")
      ->type_name("FILE");
  app.add_option(
         "--drain-delay", options.drain_delay,
         "When stopped, go on answering for this long with /readyz saying 503; 5 to 10 behind a balancer")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, kLongestSeconds).description(""))
      ->capture_default_str();
  app.add_option("--drain-seconds", options.drain_seconds,
                 "Then let requests in flight finish for up to this long")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, kLongestSeconds).description(""))
      ->capture_default_str();
}

}  // namespace winnow::tools
