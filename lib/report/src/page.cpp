#include "winnow/report/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "assets.hpp"
#include "winnow/core/base64.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow::report {
namespace {

std::string decision_data(const Picture& picture) {
  if (picture.path.empty()) return "";
  return fmt::format(" data-path=\"{}\" data-label=\"{}\" data-suggested=\"{}\"", escape(picture.path),
                     escape(picture.label), escape(picture.suggested));
}

}  // namespace

std::string escape(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

Page::Page(std::string title, std::string subtitle)
    : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

void Page::section(std::string_view heading, std::string_view explanation) {
  body_ += fmt::format("<h2>{}</h2>\n", escape(heading));
  if (!explanation.empty()) body_ += fmt::format("<p class=\"why\">{}</p>\n", escape(explanation));
}

void Page::paragraph(std::string_view text) {
  body_ += fmt::format("<p>{}</p>\n", escape(text));
}

void Page::list(const std::vector<std::string>& items) {
  body_ += "<ul>\n";
  for (const std::string& item : items) body_ += fmt::format("<li>{}</li>\n", escape(item));
  body_ += "</ul>\n";
}

void Page::code(std::string_view text) {
  body_ += fmt::format("<pre>{}</pre>\n", escape(text));
}

void Page::facts(const std::vector<Fact>& facts) {
  body_ += "<div class=\"facts\">\n";
  for (const Fact& fact : facts) {
    body_ += fmt::format("<div class=\"fact\"><b>{}</b><span>{}</span><small>{}</small></div>\n",
                         escape(fact.value), escape(fact.label), escape(fact.detail));
  }
  body_ += "</div>\n";
}

void Page::table(const Table& table) {
  const auto kind = [&](std::size_t column) {
    return column < table.numeric.size() && table.numeric[column] ? " class=\"n\"" : "";
  };
  body_ += "<div class=\"scroll\"><table><thead><tr>";
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    body_ += fmt::format("<th scope=\"col\"{}>{}</th>", kind(i), escape(table.header[i]));
  }
  body_ += "</tr></thead><tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    body_ += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      // The first cell says what the row is about.
      const std::string cell = kind(i) + (">" + escape(row[i]));
      body_ += i == 0 ? "<th scope=\"row\"" + cell + "</th>" : "<td" + cell + "</td>";
    }
    body_ += "</tr>\n";
  }
  body_ += "</tbody></table></div>\n";
}

void Page::numbers(std::string_view summary, const Table& table) {
  body_ += fmt::format("<details><summary>{}</summary>\n", escape(summary));
  this->table(table);
  body_ += "</details>\n";
}

void Page::pictures(const std::vector<Picture>& pictures) {
  const bool pairs = std::any_of(pictures.begin(), pictures.end(),
                                 [](const Picture& picture) { return !picture.overlay.empty(); });
  body_ += pairs ? "<div class=\"pictures wide\">\n" : "<div class=\"pictures\">\n";
  const auto image = [](const Bytes& jpeg, const std::string& alt) {
    return fmt::format("<img loading=\"lazy\" alt=\"{}\" src=\"data:image/jpeg;base64,{}\">", escape(alt),
                       to_base64(jpeg));
  };
  for (const Picture& picture : pictures) {
    std::string images = image(picture.jpeg, picture.title);
    if (!picture.overlay.empty()) {
      images = fmt::format("<div class=\"pair\">{}{}</div>", images,
                           image(picture.overlay, "Where the evidence for the answer lies"));
    }
    const char* kind = picture.alarming ? " class=\"alarm\"" : "";
    body_ += fmt::format("<figure{}{}>{}<figcaption><b>{}</b>{}</figcaption></figure>\n", kind,
                         decision_data(picture), images, escape(picture.title), escape(picture.caption));
  }
  body_ += "</div>\n";
}

void Page::picture_groups(const std::vector<PictureGroup>& groups) {
  body_ += "<div class=\"groups\">\n";
  for (const PictureGroup& group : groups) {
    body_ += "<section>\n";
    pictures(group.pictures);
    if (!group.note.empty()) paragraph(group.note);
    body_ += "</section>\n";
  }
  body_ += "</div>\n";
}

void Page::charts(const std::vector<std::pair<std::string, std::string>>& svg_and_caption) {
  body_ += "<div class=\"charts\">\n";
  for (const auto& [svg, caption] : svg_and_caption) {
    body_ += fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n", svg, escape(caption));
  }
  body_ += "</div>\n";
}

void Page::take_decisions(const std::vector<std::string>& labels) {
  // No label may end the script.
  std::string names;
  for (const char c : to_line(Json(labels))) names += c == '<' ? "\\u003c" : std::string(1, c);
  script_ = fmt::format("<script>\nconst labels = {};\n{}</script>\n", names, assets::decisions_js);
}

std::string Page::render() const {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n"
      "<style>\n{2}</style>\n</head>\n<body>\n<main>\n"
      "<header><div class=\"brand\">{6}winnow</div><h1>{0}</h1><p>{1}</p></header>\n{3}"
      "<footer>Written by winnow {4} on {5}.</footer>\n</main>\n{7}</body>\n</html>\n",
      escape(title_), escape(subtitle_), assets::report_css, body_, WINNOW_VERSION,
      format_time(std::chrono::system_clock::now()), assets::ear_svg, script_);
}

}  // namespace winnow::report
