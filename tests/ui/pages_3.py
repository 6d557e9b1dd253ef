"""The connection form of Airflow 3: a dialog over the list of connections."""

from __future__ import annotations

from collections.abc import Mapping

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.ui.pages import STANDARD, ConnectionPage, Field

DIALOG = "[role=dialog]"
STANDARD_SECTION, EXTRA_SECTION = "standardFields", "Extra Fields"


class ConnectionPage3(ConnectionPage):
    prefix = "element_"

    def new(self, conn_id: str, type_name: str) -> None:
        self.browser.get(f"{self.url}/connections")
        self._press("Add Connection")
        self.type_into(f"{DIALOG} [name=connection_id]", conn_id)
        self.until(self._types_are_there, "the list of types stays empty")
        self.type_into(f"{DIALOG} [role=combobox]", type_name + Keys.ENTER)
        self._open(STANDARD_SECTION)

    def edit(self, conn_id: str) -> None:
        """Open a connection that there is."""
        self.browser.get(f"{self.url}/connections")
        self._in_row(conn_id, "Edit Connection")
        self._open(STANDARD_SECTION)

    def fields(self) -> dict[str, Field]:
        shown: dict[str, Field] = {}
        for section in (EXTRA_SECTION, STANDARD_SECTION):
            self._open(section)
            shown |= self.visible_fields(f"{DIALOG} [id$=':content:{section}']")
        return shown

    def fill(self, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            self._open(STANDARD_SECTION if name in STANDARD else EXTRA_SECTION)
            own = "" if name in STANDARD else self.prefix
            self.type_into(f"{DIALOG} [name={own}{name}]", value)

    def save(self) -> None:
        self._press("Save")
        self.until(
            lambda: not self.browser.find_elements(By.CSS_SELECTOR, DIALOG), "it is not saved"
        )

    def test(self, conn_id: str) -> tuple[str, str]:
        """Press Test in the list; gives title and text of what is said."""
        self.browser.get(f"{self.url}/connections")
        self._in_row(conn_id, "Test Connection")
        return self._toast("title"), self._toast("description")

    def _toast(self, part: str) -> str:
        selector = f"[data-scope=toast][data-part=root][data-state=open] [data-part={part}]"
        return self.until(lambda: self.find(selector).text, "no answer")

    def _open(self, section: str) -> None:
        trigger = f"{DIALOG} [id$=':trigger:{section}']"
        if self.find(trigger).get_attribute("aria-expanded") != "true":
            self.click(trigger)
        content = f"{DIALOG} [id$=':content:{section}']"
        self.until(lambda: self._is_still(content), f"{section} does not unfold")

    def _is_still(self, selector: str) -> bool:
        element = self.find(selector)
        return element.is_displayed() and not self.browser.execute_script(
            "return arguments[0].getAnimations({subtree: true})"
            ".some(each => each.playState === 'running')",
            element,
        )

    def _types_are_there(self) -> bool:
        return self.find(f"{DIALOG} [role=combobox]").is_enabled()

    def _press(self, text: str) -> None:
        self.click(f"//button[normalize-space()='{text}']")

    def _in_row(self, conn_id: str, label: str) -> None:
        self.click(f"//tr[td[normalize-space()='{conn_id}']]//button[@aria-label='{label}']")
