#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/jobs/annotation.hpp"
#include "winnow/jobs/autoscale.hpp"
#include "winnow/jobs/terms.hpp"
#include "winnow/jobs/worker.hpp"
#include "winnow/net/smtp_client.hpp"
#include "winnow/portal/portal.hpp"
#include "winnow/serving/site.hpp"
#include "winnow/storage/object_store.hpp"

namespace winnow::tools {

// What a process does of the service.
enum class Role {
  kAll,
  kWeb,        // pages, uploads
  kWorker,     // answers the pictures of jobs
  kLifecycle,  // archives, restores, mails, cleans up
};

struct BatchJobsOptions {
  std::filesystem::path
      data;              // folder of the database and the objects; empty, as the next: there are no jobs
  std::string database;  // PostgreSQL, in place of the one in the folder
  storage::ObjectStoreOptions store;   // its location, in place of the folder
  std::filesystem::path s3_keys_file;  // access key and secret key, a line each
  Role role = Role::kAll;
  unsigned slots = 1;  // jobs that a worker has in work at a time
  jobs::JobTerms terms;
  std::string public_url;  // that users know the site by: for links in mail
  net::SmtpOptions smtp;   // empty host: no mail is sent
  std::filesystem::path mail_password_file;
  std::filesystem::path payments_secret_file;  // empty: plans change by hand
  std::string subscribe_link;                  // of the payment provider: where users begin to pay,
  std::string manage_link;                     // and where they end it
  jobs::AutoscaleOptions autoscale;
  bool print_plan = false;  // instead of serving

  [[nodiscard]] bool wanted() const { return !data.empty() || !database.empty(); }
};

// Accounts and jobs, as far as this process's role goes.
class BatchJobs {
 public:
  // secure: the site is reached by TLS. Throws Error{kUsage} for options that do not fit together, and what
  // databases and stores throw.
  BatchJobs(const BatchJobsOptions& options, bool secure, const Context& context);
  ~BatchJobs();
  BatchJobs(const BatchJobs&) = delete;
  BatchJobs& operator=(const BatchJobs&) = delete;

  // Adds what it has to show to a site that is not open yet.
  void join(serving::SiteOptions& site);
  // What users may choose from; to be said before the site starts.
  void offer_models(std::function<std::vector<std::string>()> names);
  // Begins to work, once the models are there; ends with what it returns, which must not outlive this. Null
  // where the role has no tasks.
  [[nodiscard]] std::unique_ptr<jobs::Worker> start(const jobs::FindAnnotator& find);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// How many workers the queue wants, as `winnow-serve autoscale-plan` prints it.
[[nodiscard]] jobs::AutoscalePlan plan_autoscale(const BatchJobsOptions& options);

}  // namespace winnow::tools
