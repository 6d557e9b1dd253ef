"""What a person does with the connection form: what both generations of it share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE = 20.0
STANDARD = ("description", "host", "login", "password")
NOT_YET = (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
)
# The fields that can be seen, in their order on the page.
VISIBLE_FIELDS = """
return [...arguments[0].querySelectorAll('input[name], textarea[name]')]
  .filter(field => field.offsetParent !== null)
  .map(field => {
    const label = document.querySelector(`label[for="${field.id}"]`)
      ?? field.closest('[role=group]')?.querySelector('label');
    const help = document.getElementById(field.getAttribute('aria-describedby'))
      ?? field.parentElement.querySelector('.help-block');
    return [field.name, label?.innerText.trim() ?? '', help?.innerText.trim() ?? '',
      field.placeholder, field.type];
  });
"""
T = TypeVar("T")


class Field(NamedTuple):
    """A field as a person sees it; ``kind`` is the HTML type of its input."""

    label: str
    help: str
    placeholder: str
    kind: str


class ConnectionPage(ABC):
    """
    Airflow's pages for connections.

    :param browser: shows them
    :param url: of Airflow
    """

    # What the names of our own fields begin with in the HTML.
    prefix: str

    def __init__(self, browser: WebDriver, url: str) -> None:
        self.browser = browser
        self.url = url

    @abstractmethod
    def new(self, conn_id: str, type_name: str) -> None:
        """Begin a new connection of a type, as the list of types names it."""

    @abstractmethod
    def fields(self) -> dict[str, Field]:
        """Give the fields that a person can get to see."""

    @abstractmethod
    def fill(self, values: Mapping[str, str]) -> None:
        """Type into the fields."""

    @abstractmethod
    def save(self) -> None:
        """Press Save, and wait until the form is gone."""

    def find(self, selector: str) -> WebElement:
        """Wait for something on the page."""
        return self.until(lambda: self._element(selector), f"no {selector}")

    def click(self, selector: str) -> None:
        """Click something as soon as it can be clicked; an XPath begins with //."""

        def clicked() -> bool:
            self._element(selector).click()
            return True

        self.until(clicked, f"{selector} cannot be clicked")

    def type_into(self, selector: str, text: str) -> None:
        """Type into a field as soon as it can be typed into."""

        def typed() -> bool:
            self._element(selector).send_keys(text)
            return True

        self.until(typed, f"cannot type into {selector}")

    def until(self, happens: Callable[[], T], otherwise: str) -> T:
        """Wait until a function gives something true."""
        wait = WebDriverWait(self.browser, PATIENCE, 0.1, ignored_exceptions=NOT_YET)
        return wait.until(lambda _: happens(), otherwise)

    def visible_fields(self, selector: str) -> dict[str, Field]:
        """Read the fields that can be seen now, below an element."""
        found: list[list[Any]] = self.browser.execute_script(VISIBLE_FIELDS, self.find(selector))
        return {name.removeprefix(self.prefix): Field(*rest) for name, *rest in found}

    def _element(self, selector: str) -> WebElement:
        by = By.XPATH if selector.startswith("//") else By.CSS_SELECTOR
        return self.browser.find_element(by, selector)
