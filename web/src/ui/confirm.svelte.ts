// Asks a person before something that cannot be undone.

export interface Question {
  title: string
  body: string
  action: string
  cancel: string
  tone: 'danger' | 'primary'
}

class Confirmation {
  question = $state.raw<Question>()
  #answer: (agreed: boolean) => void = () => {}

  ask(question: Question): Promise<boolean> {
    this.answer(false)
    this.question = question
    return new Promise((resolve) => {
      this.#answer = resolve
    })
  }

  answer(agreed: boolean) {
    this.#answer(agreed)
    this.#answer = () => {}
    this.question = undefined
  }
}

export const confirmation = new Confirmation()
